/** What a transcript says about a guest before its first line; both doors build the same guest from it. */
export interface GuestSetup {
  readonly os?: 'debian' | 'fedora' | 'opensuse' | 'alpine' | 'arch';
  readonly cpus?: number;
  /** Of the VM; the kernel and the file system leave a little less of them, see `VISIBLE_MEMORY`, `VISIBLE_DISK`. */
  readonly memoryMiB?: number;
  readonly diskGiB?: number;
  readonly usedGiB?: number;
  /** Seconds. */
  readonly clockSkew?: number;
  readonly gateway?: { readonly address: string; readonly answers: boolean };
  readonly address?: string;
  readonly nameServers?: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  /** Addresses that answer a ping, besides an answering gateway. */
  readonly answering?: readonly string[];
  /** `address:port` → what happens there. Only 127.0.0.1 has ports that are open or refuse. */
  readonly ports?: Readonly<Record<string, 'timeout'>>;
  readonly cloudInit?: 'absent' | 'running' | 'done' | 'error';
  /** Absolute path → content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly source?: { readonly reachable: boolean };
  readonly upgradable?: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
    readonly security: boolean;
    readonly needsReboot?: boolean;
  }[];
  readonly packagesBusy?: boolean;
  readonly systemd?: boolean;
  /** What it has to try connections with; default bash. */
  readonly tools?: readonly ('bash' | 'curl' | 'nc' | 'openssl' | 'python3')[];
}

export interface Answer {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One guest, in a real shell or simulated. */
export interface GuestDoor {
  run(name: string, args: readonly string[], stdin?: string): Promise<Answer>;
  /** undefined: no such file. */
  file(path: string): Promise<{ readonly content: string; readonly mode: number } | undefined>;
  writeFile(path: string, content: string | Uint8Array): Promise<void>;
  /** Makes a file look as if it had been written so many days ago. */
  age(path: string, days: number): Promise<void>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Resolves when the condition holds; time passes as it does there. */
  until(what: string, holds: () => Promise<boolean>): Promise<void>;
  /** What a reboot leaves behind: /run is empty and nothing runs. */
  forgetVolatile(): Promise<void>;
  /** The guest's idea of cluster time, ms. */
  now(): number;
  poweredOff(): Promise<boolean>;
  /** A port that answers on 127.0.0.1, and one that refuses. */
  readonly openPort: number;
  readonly closedPort: number;
  close(): Promise<void>;
}

export interface Door<G extends GuestDoor = GuestDoor> {
  readonly name: string;
  readonly simulated: boolean;
  open(setup: GuestSetup): Promise<G>;
}

/** A guest in a real shell, to be spoiled by hand. */
export interface RealGuest extends GuestDoor {
  /** Holds `root`, its file system, and `bin`, its programs. */
  readonly home: string;
}
