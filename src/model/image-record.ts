import { assertNever } from './assert-never.ts';
import type { ImageSource, WorkerSpec } from './worker.ts';

/** What the record keeps about the image that a VM was made from; undefined while the image can't be resolved. */
export function imageRecordOf(
  spec: WorkerSpec,
): { readonly name: string; readonly source: string } | undefined {
  if (spec.imageSource === undefined) return undefined;
  return { name: spec.image, source: sourceText(spec.imageSource) };
}

/** Two sources with one text make the same disk; how a template is cloned does not matter. */
function sourceText(source: ImageSource): string {
  switch (source.kind) {
    case 'template':
      return `template ${source.vmid}`;
    case 'import':
      return `import ${source.volume}`;
    case 'url':
      return `url ${source.url} ${source.checksum}`;
    default:
      return assertNever(source);
  }
}
