// Written by .build/generate.mjs; not to be edited.
/* What schemas/declaration.schema.json accepts, once variables are expanded. */

export type NodeName = string;
export type WorkerName = string;

export interface DeclarationDocument {
  muster?: 1;
  project?: string;
  requiredVersion?: string;
  include?: string[] | string;
  cluster?: {
    name?: string;
    endpoint?: string | string[];
    tls?: {
      fingerprint?: string | string[];
      ca?: string;
    };
    vmids?: {
      from?: number;
      to?: number;
    };
    pool?: string;
    limits?: {
      parallelism?: number;
      perNode?: number;
      perStorage?: number;
    };
  };
  state?: {
    backend?: 'local' | 'http';
    path?: string;
    address?: string;
    lockAddress?: string;
    unlockAddress?: string;
    updateMethod?: 'POST' | 'PUT';
    lockMethod?: 'LOCK' | 'POST' | 'PUT';
    unlockMethod?: 'UNLOCK' | 'DELETE' | 'POST' | 'PUT';
    username?: string;
  };
  images?: {
    [k: string]: Image;
  };
  repositories?: {
    [k: string]: Repository;
  };
  defaults?: Worker;
  workers?: {
    [k: string]: Worker;
  };
  workerSets?: {
    [k: string]: WorkerSet;
  };
  renamed?: {
    [k: string]: string;
  };
  removed?: WorkerName[];
  sessions?: {
    [k: string]: Session;
  };
  guards?: {
    maxDestroy?: number;
    maxReplace?: number;
    forbid?: (
      | 'shutdown'
      | 'forget'
      | 'destroy'
      | 'adopt'
      | 'rename'
      | 'configure'
      | 'deploy'
      | 'update'
      | 'replace'
      | 'test'
      | 'session'
    )[];
  };
  variables?: {
    [k: string]: {
      default?: string | number | boolean;
      description?: string;
    };
  };
}
export interface Image {
  template?:
    | number
    | {
        name?: string;
        perNode?: {
          [k: string]: number;
        };
      };
  clone?: 'full' | 'linked';
  import?: string;
  url?: string;
  checksum?: string;
  storage?: string;
}
export interface Repository {
  address?: string;
  maxConcurrent?: number;
  fingerprint?: string;
  env?: {
    [k: string]: string;
  };
}
export interface Worker {
  node?: string;
  description?: string;
  enabled?: boolean;
  slots?: number;
  vmid?: number;
  image?: string;
  storage?: string;
  cpu?: {
    cores?: number;
    type?: string;
  };
  memory?: string;
  disk?: {
    size?: string;
    storage?: string;
    discard?: boolean;
    ssd?: boolean;
  };
  networks?: Network[];
  dns?: {
    servers?: string[];
    search?: string;
  };
  cloudInit?: {
    user?: string;
    sshKeys?: string[];
    vendorData?: string;
    userData?: string;
    networkData?: string;
  };
  files?: {
    from: string;
    to: string;
    mode?: string;
  }[];
  options?: {
    [k: string]: string | number | boolean;
  };
  tags?: string[];
  labels?: {
    [k: string]: string;
  };
  deploy?: 'onDemand' | 'eager';
  onImageChange?: 'replace' | 'nextDeploy' | 'ignore';
  protect?: boolean;
  patch?: {
    policy?: 'all' | 'security' | 'none';
    reboot?: 'ifRequired' | 'never' | 'always';
    maxAge?: string;
    required?: boolean;
    proxy?: string;
  };
  checks?: {
    name: string;
    run: string[];
    timeout?: string;
  }[];
  timeouts?: {
    deploy?: string;
    start?: string;
    test?: string;
    patch?: string;
    shutdown?: string;
  };
}
export interface Network {
  bridge: string;
  vlan?: number;
  mtu?: number;
  model?: 'virtio' | 'e1000' | 'e1000e' | 'rtl8139' | 'vmxnet3';
  mac?: string;
  firewall?: boolean;
  ipv4?:
    | string
    | {
        address?: string;
        gateway?: string;
      };
  ipv6?:
    | string
    | {
        address?: string;
        gateway?: string;
      };
}
export interface WorkerSet {
  nodes?:
    | string
    | NodeName[]
    | {
        except?: NodeName[];
      };
  name?: string;
  worker?: Worker;
  perNode?: {
    [k: string]: Worker;
  };
}
export interface Session {
  kind?: 'backup' | 'restore';
  workers?: {
    names?: WorkerName[];
    labels?: {
      [k: string]: string;
    };
  };
  placement?: 'sameNode' | 'preferSameNode' | 'any';
  items?: Item[];
  guards?: {
    minItems?: number;
    minWorkers?: number;
    waitForWorkers?: string;
  };
  reserve?: number;
  env?: {
    [k: string]: string;
  };
}
export interface Item {
  forEachVm?: {
    pool?: string;
    tags?: {
      any?: string[];
      all?: string[];
    };
    vmids?: number[];
    exclude?: number[];
  };
  name: string;
  run: string[];
  env?: {
    [k: string]: string;
  };
  repository?: string;
  timeout?: string;
  retries?: number;
}
