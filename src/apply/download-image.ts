import type { ImageSource } from '../model/worker.ts';
import { timeoutsOf, type VmHandle, type WorkerContext } from './context.ts';
import { runStep } from './step.ts';

/**
 * Has PVE download a disk image and check it, unless that storage has it already. Several workers share one
 * download: the checksum is part of the file's name, and PVE finds a file with the right checksum done.
 * Returns the volume id.
 */
export async function downloadImage(
  ctx: WorkerContext,
  vm: VmHandle,
  source: Extract<ImageSource, { kind: 'url' }>,
): Promise<string> {
  const filename = imageFilename(source);
  const volume = `${source.storage}:import/${filename}`;
  const { algorithm, checksum } = splitChecksum(source.checksum);
  const { pve } = ctx.ports;
  await runStep(ctx, {
    name: 'download',
    message: `downloading ${filename} to ${source.storage}`,
    waitingFor: 'waiting-for-download',
    timeout: timeoutsOf(ctx).deploy,
    vm,
    lanes: [{ key: `download ${vm.node}/${volume}`, room: 1 }],
    isShared: true,
    isDone: async () => volume in (await pve.read.volumes(vm.node, source.storage, 'import')),
    send: () =>
      pve.write.downloadImage(vm.node, source.storage, {
        url: source.url,
        filename,
        checksum,
        algorithm,
      }),
  });
  return volume;
}

/** A name that PVE takes for content `import`, and that differs for different contents. */
function imageFilename(source: { readonly url: string; readonly checksum: string }): string {
  const last = new URL(source.url).pathname.replace(/^.*\//, '');
  const extension = /\.(raw|vmdk)$/i.exec(last)?.[1]?.toLowerCase() ?? 'qcow2';
  const stem =
    last
      .replace(/\.[a-z0-9]+$/i, '')
      .replace(/[^\w.-]/g, '-')
      .slice(0, 80) || 'image';
  return `${stem}-${splitChecksum(source.checksum).checksum.slice(0, 12)}.${extension}`;
}

function splitChecksum(text: string): { readonly algorithm: string; readonly checksum: string } {
  const [algorithm = 'sha256', checksum = ''] = text.split(':');
  return { algorithm, checksum };
}
