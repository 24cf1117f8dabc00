const require = process.getBuiltinModule;
import{DiagnosticsError,problem}from"./chunk-OGYV3SEK.js";import"./chunk-JQJA56UK.js";var SCHEMAS={declaration:`{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "urn:muster:declaration:1",
  "title": "Muster declaration",
  "description": "Backup workers on Proxmox VE: muster.yaml, the files that it includes, and environments/NAME.yaml.",
  "x-noun": "a declaration",
  "type": "object",
  "additionalProperties": false,
  "patternProperties": {
    "^x-": {
      "description": "Anything; a place for YAML anchors. Not read."
    }
  },
  "properties": {
    "muster": {
      "description": "Format of this file.",
      "type": "integer",
      "enum": [1]
    },
    "project": {
      "description": "Name of the project. Recorded with the environment in state, plan and VMs; another project's are refused.",
      "type": "string",
      "x-expected": "a name of letters, digits and - _ .",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
      "maxLength": 64,
      "examples": ["backup"]
    },
    "requiredVersion": {
      "description": "Versions of Muster that may work on this project.",
      "type": "string",
      "x-expected": "a version range, such as \\">=0.1 <1\\"",
      "pattern": "^[0-9A-Za-z.<>=^~|*+ -]+$",
      "examples": [">=0.1 <1"]
    },
    "include": {
      "description": "Further files of this declaration, as globs relative to this one. Default: workers/*.yaml and sessions/*.yaml.",
      "type": ["array", "string"],
      "x-expected": "a glob or a list of globs",
      "default": ["workers/*.yaml", "sessions/*.yaml"],
      "minLength": 1,
      "maxItems": 64,
      "items": {
        "description": "A glob: * inside a folder's name, ** for any number of folders.",
        "type": "string",
        "minLength": 1
      }
    },
    "cluster": {
      "description": "The Proxmox VE cluster.",
      "x-noun": "cluster",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "name": {
          "description": "Name in messages. Default: the cluster's own.",
          "type": "string",
          "x-expected": "a name of letters, digits and - _ .",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
          "maxLength": 64,
          "examples": ["north"]
        },
        "endpoint": {
          "description": "Address of the API, or a list of which the first that answers is used. \`simulator\`: the embedded one.",
          "type": ["string", "array"],
          "x-expected": "an https address such as https://pve1.example.net:8006, or simulator",
          "pattern": "^(https?://\\\\S+|simulator)$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "minItems": 1,
          "maxItems": 32,
          "items": {
            "description": "Address of one node's API.",
            "type": "string",
            "x-expected": "an https address such as https://pve1.example.net:8006",
            "pattern": "^https?://\\\\S+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}"
          },
          "examples": ["https://pve1.example.net:8006"]
        },
        "tls": {
          "description": "How the API's certificate is trusted. Default: the system's certification authorities.",
          "x-noun": "tls",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "fingerprint": {
              "description": "SHA-256 fingerprint of the certificate, or a list with one per node.",
              "type": ["string", "array"],
              "x-expected": "the 32 bytes of a SHA-256 fingerprint, as A4:7D:\u2026",
              "pattern": "^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "maxItems": 64,
              "items": {
                "description": "A SHA-256 fingerprint.",
                "type": "string",
                "x-expected": "the 32 bytes of a SHA-256 fingerprint, as A4:7D:\u2026",
                "pattern": "^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}"
              }
            },
            "ca": {
              "description": "PEM file with the certification authority, relative to this file.",
              "type": "string",
              "x-expected": "the path of a PEM file",
              "minLength": 1,
              "examples": ["pve-root-ca.pem"]
            }
          }
        },
        "vmids": {
          "description": "The range that new VMs take their ids from. Nothing else should use it.",
          "x-noun": "vmids",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "from": {
              "description": "First id.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 100,
              "maximum": 999999999,
              "examples": [9100]
            },
            "to": {
              "description": "Last id.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 100,
              "maximum": 999999999,
              "examples": [9199]
            }
          }
        },
        "pool": {
          "description": "Pool that every worker is put into; must exist.",
          "type": "string",
          "x-expected": "the name of a pool",
          "pattern": "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["backup-workers"]
        },
        "limits": {
          "description": "How much is done at once.",
          "x-noun": "limits",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "parallelism": {
              "description": "Over the whole cluster.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 1,
              "maximum": 64,
              "default": 8
            },
            "perNode": {
              "description": "Deployments and launches per node.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 1,
              "maximum": 64,
              "default": 2
            },
            "perStorage": {
              "description": "Steps that allocate on one storage.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 1,
              "maximum": 64,
              "default": 2
            }
          }
        }
      }
    },
    "state": {
      "description": "Where Muster keeps its record.",
      "x-noun": "state",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "backend": {
          "description": "local: a file. http: a server that speaks the HTTP state protocol, such as GitLab.",
          "type": "string",
          "enum": ["local", "http"],
          "default": "local"
        },
        "path": {
          "description": "For local: the file, inside the project. Default: muster.state.json, with the environment in its name.",
          "type": "string",
          "minLength": 1,
          "examples": ["muster.state.json"]
        },
        "address": {
          "description": "For http: where the state is read and written.",
          "type": "string",
          "x-expected": "an http or https address",
          "pattern": "^https?://\\\\S+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["https://git.example.net/api/v4/projects/7/terraform/state/backup"]
        },
        "lockAddress": {
          "description": "For http: where the lock is taken. Default: no locking.",
          "type": "string",
          "x-expected": "an http or https address",
          "pattern": "^https?://\\\\S+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}"
        },
        "unlockAddress": {
          "description": "For http: where the lock is released. Default: lockAddress.",
          "type": "string",
          "x-expected": "an http or https address",
          "pattern": "^https?://\\\\S+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}"
        },
        "updateMethod": {
          "description": "For http: the method that writes.",
          "type": "string",
          "enum": ["POST", "PUT"],
          "default": "POST"
        },
        "lockMethod": {
          "description": "For http: the method that locks.",
          "type": "string",
          "enum": ["LOCK", "POST", "PUT"],
          "default": "LOCK"
        },
        "unlockMethod": {
          "description": "For http: the method that unlocks.",
          "type": "string",
          "enum": ["UNLOCK", "DELETE", "POST", "PUT"],
          "default": "UNLOCK"
        },
        "username": {
          "description": "For http: user name of basic authentication. The password comes from the environment.",
          "type": "string",
          "examples": ["ci"]
        }
      }
    },
    "images": {
      "description": "What workers are made from, by name.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/image"
      },
      "propertyNames": {
        "$ref": "#/definitions/entryName"
      }
    },
    "repositories": {
      "description": "Where backups go to and come from, by name.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/repository"
      },
      "propertyNames": {
        "$ref": "#/definitions/entryName"
      }
    },
    "defaults": {
      "description": "Fields for every worker that does not set them itself. Order of strength: built-in, defaults, set, perNode, worker.",
      "allOf": [
        {
          "$ref": "#/definitions/worker"
        }
      ]
    },
    "workers": {
      "description": "Workers by name; the name is the VM's too.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/worker"
      },
      "propertyNames": {
        "$ref": "#/definitions/workerName"
      }
    },
    "workerSets": {
      "description": "Sets of workers that follow the cluster.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/workerSet"
      },
      "propertyNames": {
        "$ref": "#/definitions/entryName"
      }
    },
    "renamed": {
      "description": "Old name to new name of workers; both may hold \${node}. No VM is made or lost.",
      "type": "object",
      "additionalProperties": {
        "description": "The new name.",
        "type": "string",
        "x-expected": "the name of a worker",
        "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$|\\\\$\\\\{"
      },
      "propertyNames": {
        "description": "The old name.",
        "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$|\\\\$\\\\{",
        "x-expected": "the name of a worker"
      },
      "examples": [
        {
          "backup-old": "backup-pve1"
        }
      ]
    },
    "removed": {
      "description": "Workers to forget while their VMs are left alone.",
      "type": "array",
      "items": {
        "$ref": "#/definitions/workerName"
      },
      "examples": [["backup-gone"]]
    },
    "sessions": {
      "description": "Backup and restore runs by name.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/session"
      },
      "propertyNames": {
        "$ref": "#/definitions/entryName"
      }
    },
    "guards": {
      "description": "Limits for every plan; one that breaks them is refused.",
      "x-noun": "guards",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "maxDestroy": {
          "description": "At most so many workers destroyed by one apply.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 0,
          "maximum": 100000
        },
        "maxReplace": {
          "description": "At most so many workers replaced by one apply.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 0,
          "maximum": 100000
        },
        "forbid": {
          "description": "Actions that this project never does.",
          "type": "array",
          "items": {
            "description": "An action.",
            "type": "string",
            "enum": [
              "shutdown",
              "forget",
              "destroy",
              "adopt",
              "rename",
              "configure",
              "deploy",
              "update",
              "replace",
              "test",
              "session"
            ]
          }
        }
      }
    },
    "variables": {
      "description": "Values that \${var.NAME} stands for: --var, --var-file, MUSTER_VAR_NAME, or the default.",
      "type": "object",
      "additionalProperties": {
        "description": "One variable.",
        "x-noun": "a variable",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "default": {
            "description": "Value where none is given.",
            "type": ["string", "number", "boolean"],
            "x-expected": "text, a number, true or false"
          },
          "description": {
            "description": "What it is for.",
            "type": "string"
          }
        }
      },
      "propertyNames": {
        "$ref": "#/definitions/variableName"
      },
      "examples": [
        {
          "site": {
            "default": "north"
          }
        }
      ]
    }
  },
  "definitions": {
    "workerName": {
      "description": "Name of a worker: letters, digits, dots and inner hyphens, as DNS has it.",
      "type": "string",
      "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
      "maxLength": 63,
      "x-expected": "the name of a worker: letters, digits and inner hyphens, at most 63"
    },
    "nodeName": {
      "description": "Name of a Proxmox VE node.",
      "type": "string",
      "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
      "maxLength": 63,
      "x-expected": "the name of a node"
    },
    "entryName": {
      "description": "A name of letters, digits and - _ .",
      "type": "string",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
      "maxLength": 64,
      "x-expected": "a name of letters, digits and - _ ."
    },
    "labelName": {
      "description": "Name of a label.",
      "type": "string",
      "pattern": "^[A-Za-z0-9][A-Za-z0-9_./-]*$",
      "maxLength": 128,
      "x-expected": "the name of a label: letters, digits and - _ . /"
    },
    "variableName": {
      "description": "Name of a variable: letters, digits and _, not first a digit.",
      "type": "string",
      "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
      "maxLength": 128,
      "x-expected": "the name of a variable: letters, digits and _"
    },
    "worker": {
      "description": "One worker: a VM on one node that is launched for the length of a session.",
      "x-noun": "a worker",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "node": {
          "description": "The Proxmox VE node that this worker runs on.",
          "type": "string",
          "x-expected": "the name of a node",
          "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$|\\\\$\\\\{",
          "examples": ["pve1"]
        },
        "description": {
          "description": "Free text for people; stands at the top of the VM's notes.",
          "type": "string",
          "maxLength": 4096
        },
        "enabled": {
          "description": "false: the VM is kept, but never launched.",
          "type": ["boolean", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "default": true
        },
        "slots": {
          "description": "How many work items it takes at once. Sizes the VM where cpu or memory are absent: 2 + slots vCPUs (at most the node's) and 2 + slots GiB.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 1,
          "maximum": 128,
          "default": 4
        },
        "vmid": {
          "description": "The VM's id; must lie in cluster.vmids. Default: a free one of that range.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 100,
          "maximum": 999999999
        },
        "image": {
          "description": "Name of an entry in \`images\`.",
          "type": "string",
          "x-expected": "the name of an image",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$|\\\\$\\\\{",
          "examples": ["debian-13"]
        },
        "storage": {
          "description": "Storage for the VM's disks. Default: the image's, else the only one with content \`images\`.",
          "type": "string",
          "x-expected": "the name of a storage",
          "pattern": "^[A-Za-z][A-Za-z0-9._-]*$|\\\\$\\\\{",
          "examples": ["local-lvm"]
        },
        "cpu": {
          "description": "Processors.",
          "x-noun": "cpu",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "cores": {
              "description": "Number of vCPUs. Default: 2 + slots, at most the node's.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 1,
              "maximum": 1024
            },
            "type": {
              "description": "CPU model as Proxmox VE names it. Default: the image's; x86-64-v2-AES for a bare disk image.",
              "type": "string",
              "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$|\\\\$\\\\{",
              "examples": ["x86-64-v2-AES", "host"],
              "x-expected": "a CPU model, such as x86-64-v2-AES"
            }
          }
        },
        "memory": {
          "description": "RAM, rounded up to whole MiB. Default: 2 + slots GiB.",
          "type": "string",
          "x-expected": "a size with its unit, such as 6GiB",
          "pattern": "^\\\\s*\\\\d+(\\\\.\\\\d+)?\\\\s*(B|[kKMGT]B|[KMGT]iB)\\\\s*$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["6GiB"]
        },
        "disk": {
          "description": "The boot disk. Its bus is the image's.",
          "x-noun": "a disk",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "size": {
              "description": "Size, rounded up to whole 4 MiB. Disks grow and never shrink. Default: 20 GiB or the image's, whichever is larger.",
              "type": "string",
              "x-expected": "a size with its unit, such as 6GiB",
              "pattern": "^\\\\s*\\\\d+(\\\\.\\\\d+)?\\\\s*(B|[kKMGT]B|[KMGT]iB)\\\\s*$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "examples": ["20GiB"]
            },
            "storage": {
              "description": "Storage for this disk, where it differs from \`storage\`.",
              "type": "string",
              "x-expected": "the name of a storage",
              "pattern": "^[A-Za-z][A-Za-z0-9._-]*$|\\\\$\\\\{"
            },
            "discard": {
              "description": "Hand freed blocks back to the storage.",
              "type": ["boolean", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$"
            },
            "ssd": {
              "description": "Show the disk to the guest as an SSD. Not possible on a virtio disk.",
              "type": ["boolean", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$"
            }
          }
        },
        "networks": {
          "description": "Network interfaces in their order. Default: one on vmbr0 with DHCP. Only one may use DHCP or have a gateway.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/network"
          },
          "minItems": 1,
          "maxItems": 32
        },
        "dns": {
          "description": "Name resolution inside the guest, by cloud-init. Default: the node's.",
          "x-noun": "dns",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "servers": {
              "description": "Addresses of name servers.",
              "type": "array",
              "items": {
                "description": "An IPv4 or IPv6 address.",
                "type": "string",
                "x-expected": "an IP address",
                "pattern": "^[0-9A-Fa-f:.]+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
                "examples": ["10.20.0.1"]
              },
              "maxItems": 8
            },
            "search": {
              "description": "Search domain.",
              "type": "string",
              "pattern": "^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$|\\\\$\\\\{",
              "examples": ["example.net"],
              "x-expected": "a domain name"
            }
          }
        },
        "cloudInit": {
          "description": "What the guest is told at its first boot.",
          "x-noun": "cloudInit",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "user": {
              "description": "Name of the user to make.",
              "type": "string",
              "x-expected": "a user name",
              "pattern": "^[a-z_][a-z0-9_-]{0,31}$|\\\\$\\\\{",
              "examples": ["muster"]
            },
            "sshKeys": {
              "description": "Public keys of that user, one per entry.",
              "type": "array",
              "items": {
                "description": "One public key in OpenSSH's form.",
                "type": "string",
                "x-expected": "a public key, such as \\"ssh-ed25519 AAAA\u2026 name\\"",
                "pattern": "^(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,2}( [^\\\\r\\\\n]*)?$|\\\\$\\\\{"
              },
              "maxItems": 64
            },
            "vendorData": {
              "description": "Snippet with vendor data: merged into what Proxmox VE generates.",
              "type": "string",
              "x-expected": "a volume such as local:snippets/vendor.yaml",
              "pattern": "^[A-Za-z][A-Za-z0-9._-]*:snippets/\\\\S+$|\\\\$\\\\{",
              "examples": ["local:snippets/vendor.yaml"]
            },
            "userData": {
              "description": "Snippet with user data: replaces the generated one altogether, so user and sshKeys can't stand beside it.",
              "type": "string",
              "x-expected": "a volume such as local:snippets/user.yaml",
              "pattern": "^[A-Za-z][A-Za-z0-9._-]*:snippets/\\\\S+$|\\\\$\\\\{",
              "examples": ["local:snippets/user.yaml"]
            },
            "networkData": {
              "description": "Snippet with network data: replaces the generated one.",
              "type": "string",
              "x-expected": "a volume such as local:snippets/network.yaml",
              "pattern": "^[A-Za-z][A-Za-z0-9._-]*:snippets/\\\\S+$|\\\\$\\\\{",
              "examples": ["local:snippets/network.yaml"]
            }
          }
        },
        "files": {
          "description": "Files that each launch writes into the guest when they differ.",
          "type": "array",
          "items": {
            "description": "One file.",
            "x-noun": "an entry of files",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "from": {
                "description": "Path of the file, relative to the YAML file it is named in; inside the project; at most 1 MiB.",
                "type": "string",
                "x-expected": "a path",
                "minLength": 1,
                "examples": ["scripts/backup-vm"]
              },
              "to": {
                "description": "Absolute path in the guest.",
                "type": "string",
                "x-expected": "an absolute path in the guest",
                "pattern": "^/[^\\\\u0000-\\\\u001f]*[^/\\\\u0000-\\\\u001f]$",
                "examples": ["/usr/local/bin/backup-vm"]
              },
              "mode": {
                "description": "Permissions as octal digits, in quotes.",
                "type": "string",
                "x-expected": "octal digits in quotes, such as \\"0755\\"",
                "pattern": "^0?[0-7]{3}$|^[0-7]{4}$",
                "default": "0644",
                "examples": ["0755"]
              }
            },
            "required": ["from", "to"]
          },
          "maxItems": 64
        },
        "options": {
          "description": "Any other VM option of Proxmox VE by its own name. Those that a field of a worker manages, and those that only root may set, are errors.",
          "type": "object",
          "x-noun": "options",
          "additionalProperties": {
            "description": "The value, as Proxmox VE writes it.",
            "type": ["string", "number", "boolean"],
            "x-expected": "text, a number, true or false"
          },
          "examples": [
            {
              "machine": "q35"
            }
          ]
        },
        "tags": {
          "description": "Tags of the VM in Proxmox VE; \`muster\` is always added.",
          "type": "array",
          "items": {
            "description": "One tag.",
            "type": "string",
            "x-expected": "a tag: letters, digits, and _ - + . inside",
            "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.+-]*$|\\\\$\\\\{",
            "maxLength": 124,
            "examples": ["prod"]
          },
          "maxItems": 64
        },
        "labels": {
          "description": "Muster's own marks, for selectors; not written to Proxmox VE.",
          "type": "object",
          "additionalProperties": {
            "description": "The label's value.",
            "type": "string",
            "maxLength": 256
          },
          "propertyNames": {
            "$ref": "#/definitions/labelName"
          },
          "examples": [
            {
              "site": "north"
            }
          ],
          "x-noun": "labels"
        },
        "deploy": {
          "description": "onDemand: the VM is made when a session or test needs it. eager: by the next apply.",
          "type": "string",
          "enum": ["onDemand", "eager"],
          "default": "onDemand"
        },
        "onImageChange": {
          "description": "What to do when the image changed. replace: make the VM anew. nextDeploy: keep it until it is made anew for another reason. ignore: keep it and say nothing.",
          "type": "string",
          "enum": ["replace", "nextDeploy", "ignore"],
          "default": "replace"
        },
        "protect": {
          "description": "Refuses to destroy or replace this worker, also after its block was deleted. Set on the VM as \`protection\` too.",
          "type": ["boolean", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "default": false
        },
        "patch": {
          "description": "System updates at each launch.",
          "x-noun": "patch",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "policy": {
              "description": "Which updates are installed.",
              "type": "string",
              "enum": ["all", "security", "none"],
              "default": "all"
            },
            "reboot": {
              "description": "Whether the guest is rebooted afterwards.",
              "type": "string",
              "enum": ["ifRequired", "never", "always"],
              "default": "ifRequired"
            },
            "maxAge": {
              "description": "Patched more recently than this: skipped.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "24h"
            },
            "required": {
              "description": "true: a worker whose update source can't be reached is left out. false: a warning.",
              "type": ["boolean", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "default": false
            },
            "proxy": {
              "description": "HTTP proxy for the package manager.",
              "type": "string",
              "x-expected": "the URL of a proxy, such as http://proxy:3128",
              "pattern": "^https?://[^\\\\s/]+/?$|\\\\$\\\\{",
              "examples": ["http://proxy.example.net:3128"]
            }
          }
        },
        "checks": {
          "description": "Checks besides the built-in ones, run at each launch after them.",
          "type": "array",
          "items": {
            "description": "One check: passes when the command exits with 0.",
            "x-noun": "a check",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "name": {
                "description": "Unique name.",
                "type": "string",
                "x-expected": "a name of letters, digits and - _ .",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
                "maxLength": 64,
                "examples": ["repo-writable"]
              },
              "run": {
                "description": "Program and arguments.",
                "type": "array",
                "items": {
                  "description": "One argument. No shell is involved; write [sh, -c, \\"\u2026\\"] where one is wanted.",
                  "type": "string",
                  "pattern": "^[^\\\\u0000]*$"
                },
                "minItems": 1,
                "maxItems": 512,
                "examples": [["/usr/local/bin/backup-vm", "\${vm.id}"]],
                "x-expected": "a list of a program and its arguments, such as [test, -w, /mnt/repo]"
              },
              "timeout": {
                "description": "How long it may take.",
                "type": "string",
                "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
                "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
                "default": "30s"
              }
            },
            "required": ["name", "run"]
          },
          "maxItems": 64
        },
        "timeouts": {
          "description": "Deadlines of the phases.",
          "x-noun": "timeouts",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "deploy": {
              "description": "Making the VM.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "30m"
            },
            "start": {
              "description": "From power-on until the guest agent answers.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "3m"
            },
            "test": {
              "description": "All checks together.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "5m"
            },
            "patch": {
              "description": "System updates.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "30m"
            },
            "shutdown": {
              "description": "Guest shutdown; then the power is cut.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "3m"
            }
          }
        }
      }
    },
    "network": {
      "description": "One network interface.",
      "x-noun": "a network",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "bridge": {
          "description": "Bridge of the node, or SDN vnet.",
          "type": "string",
          "x-expected": "the name of a bridge or vnet",
          "pattern": "^[A-Za-z][A-Za-z0-9_.-]*$|\\\\$\\\\{",
          "examples": ["vmbr0"]
        },
        "vlan": {
          "description": "VLAN tag. The bridge must be VLAN-aware.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 1,
          "maximum": 4094
        },
        "mtu": {
          "description": "MTU; 1 takes the bridge's. Only for virtio.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 1,
          "maximum": 65520
        },
        "model": {
          "description": "Emulated card.",
          "type": "string",
          "enum": ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"],
          "default": "virtio"
        },
        "mac": {
          "description": "Fixed MAC address; must be unique. Default: drawn by Proxmox VE and kept.",
          "type": "string",
          "x-expected": "a unicast MAC address, such as BC:24:11:00:00:01",
          "pattern": "^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["BC:24:11:00:00:01"]
        },
        "firewall": {
          "description": "Whether Proxmox VE's firewall applies to it.",
          "type": ["boolean", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "default": false
        },
        "ipv4": {
          "description": "dhcp, none, or a fixed address. Default: dhcp for the first interface where no other brings a default route, else none.",
          "type": ["string", "object"],
          "x-noun": "ipv4",
          "x-expected": "dhcp, none or { address, gateway }",
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["dhcp", "none"]
          },
          "additionalProperties": false,
          "properties": {
            "address": {
              "description": "Address with its prefix length.",
              "type": "string",
              "x-expected": "an address with its prefix length, such as 10.20.0.31/24",
              "pattern": "^[0-9A-Fa-f:.]+/\\\\d{1,3}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "examples": ["10.20.0.31/24"]
            },
            "gateway": {
              "description": "Router of this network. Only one network of a worker may have one.",
              "type": "string",
              "x-expected": "an IP address",
              "pattern": "^[0-9A-Fa-f:.]+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "examples": ["10.20.0.1"]
            }
          }
        },
        "ipv6": {
          "description": "auto (SLAAC), dhcp, none, or a fixed address. Default: none.",
          "type": ["string", "object"],
          "x-noun": "ipv6",
          "x-expected": "auto, dhcp, none or { address, gateway }",
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["auto", "dhcp", "none"]
          },
          "additionalProperties": false,
          "properties": {
            "address": {
              "description": "Address with its prefix length.",
              "type": "string",
              "x-expected": "an address with its prefix length, such as 10.20.0.31/24",
              "pattern": "^[0-9A-Fa-f:.]+/\\\\d{1,3}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "examples": ["10.20.0.31/24"]
            },
            "gateway": {
              "description": "Router of this network. Only one network of a worker may have one.",
              "type": "string",
              "x-expected": "an IP address",
              "pattern": "^[0-9A-Fa-f:.]+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "examples": ["10.20.0.1"]
            }
          }
        }
      },
      "required": ["bridge"]
    },
    "image": {
      "description": "Where the disks of new workers come from: one of \`template\`, \`import\` or \`url\`.",
      "x-noun": "an image",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "template": {
          "description": "The template VM: its vmid where all nodes can read it, { name } where each node has one of that name, or { perNode } with a vmid for each node.",
          "type": ["integer", "object", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 100,
          "maximum": 999999999,
          "x-noun": "template",
          "x-expected": "a vmid, { name: \u2026 } or { perNode: \u2026 }",
          "additionalProperties": false,
          "properties": {
            "name": {
              "description": "Name of the templates, one on each node.",
              "type": "string",
              "x-expected": "the name of a VM",
              "pattern": "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$|\\\\$\\\\{",
              "examples": ["debian-13"]
            },
            "perNode": {
              "description": "vmid of the template for each node.",
              "type": "object",
              "additionalProperties": {
                "description": "vmid of the template for this node.",
                "type": ["integer", "string"],
                "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
                "minimum": 100,
                "maximum": 999999999
              },
              "examples": [
                {
                  "pve1": 9000,
                  "pve2": 9001
                }
              ]
            }
          }
        },
        "clone": {
          "description": "full: an independent copy. linked: shares blocks with the template, which can't be deleted meanwhile.",
          "type": "string",
          "enum": ["full", "linked"],
          "default": "full"
        },
        "import": {
          "description": "A disk image that a storage already has.",
          "type": "string",
          "x-expected": "a volume such as local:import/debian-13.qcow2",
          "pattern": "^[A-Za-z][A-Za-z0-9._-]*:import/\\\\S+$|\\\\$\\\\{",
          "examples": ["local:import/debian-13.qcow2"]
        },
        "url": {
          "description": "A disk image that Proxmox VE downloads by itself.",
          "type": "string",
          "x-expected": "an http or https address",
          "pattern": "^https?://[^\\\\s@]+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": [
            "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2"
          ]
        },
        "checksum": {
          "description": "Checksum of that download. A file that differs is refused.",
          "type": "string",
          "x-expected": "an algorithm and a checksum, such as sha512:\u2026",
          "pattern": "^(md5:[0-9A-Fa-f]{32}|sha1:[0-9A-Fa-f]{40}|sha224:[0-9A-Fa-f]{56}|sha256:[0-9A-Fa-f]{64}|sha384:[0-9A-Fa-f]{96}|sha512:[0-9A-Fa-f]{128})$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["sha512:\u2026"]
        },
        "storage": {
          "description": "Storage (content \`import\`) that keeps the download.",
          "type": "string",
          "x-expected": "the name of a storage",
          "pattern": "^[A-Za-z][A-Za-z0-9._-]*$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["local"]
        }
      }
    },
    "repository": {
      "description": "A place that backups go to or come from.",
      "x-noun": "a repository",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "address": {
          "description": "HOST:PORT. Every worker tests that it can reach it.",
          "type": "string",
          "x-expected": "HOST:PORT, such as pbs.example.net:8007 or [2001:db8::7]:8007",
          "pattern": "^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\\\[[0-9A-Fa-f:.]+\\\\]):\\\\d{1,5}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["pbs.example.net:8007"]
        },
        "maxConcurrent": {
          "description": "Work items that may use it at once, over all workers. Default: no limit.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 1,
          "maximum": 10000
        },
        "fingerprint": {
          "description": "SHA-256 fingerprint of its TLS certificate; compared by the test of every worker.",
          "type": "string",
          "x-expected": "the 32 bytes of a SHA-256 fingerprint, as A4:7D:\u2026",
          "pattern": "^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}"
        },
        "env": {
          "description": "Environment variables for every work item that uses it.",
          "type": "object",
          "additionalProperties": {
            "description": "The value. Secrets stand here as \${secret.NAME} and are read from the environment at the moment of use.",
            "type": "string"
          },
          "propertyNames": {
            "$ref": "#/definitions/variableName"
          },
          "examples": [
            {
              "PBS_PASSWORD": "\${secret.PBS_PASSWORD}"
            }
          ],
          "x-noun": "an environment"
        }
      }
    },
    "workerSet": {
      "description": "Workers that follow the cluster: one per node.",
      "x-noun": "a worker set",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "nodes": {
          "description": "all members of the cluster (offline ones too), a list of nodes, or { except: [...] }.",
          "type": ["string", "array", "object"],
          "x-noun": "nodes",
          "x-expected": "all, a list of nodes, or { except: [...] }",
          "default": "all",
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["all"]
          },
          "minItems": 1,
          "items": {
            "$ref": "#/definitions/nodeName"
          },
          "additionalProperties": false,
          "properties": {
            "except": {
              "description": "Every node but these.",
              "type": "array",
              "items": {
                "$ref": "#/definitions/nodeName"
              }
            }
          }
        },
        "name": {
          "description": "Name of each worker; holds \${node}.",
          "type": "string",
          "x-expected": "a name that holds \${node}, such as backup-\${node}",
          "pattern": "\\\\$\\\\{",
          "examples": ["backup-\${node}"]
        },
        "worker": {
          "description": "Fields of every worker of this set.",
          "allOf": [
            {
              "$ref": "#/definitions/worker"
            }
          ]
        },
        "perNode": {
          "description": "Fields that differ on some nodes, by node.",
          "type": "object",
          "additionalProperties": {
            "$ref": "#/definitions/worker"
          },
          "propertyNames": {
            "$ref": "#/definitions/nodeName"
          },
          "examples": [
            {
              "pve3": {
                "storage": "local-zfs"
              }
            }
          ]
        }
      }
    },
    "item": {
      "description": "One work item, or with forEachVm a template for many.",
      "x-noun": "a work item",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "name": {
          "description": "Unique name; with forEachVm it holds a placeholder of the VM.",
          "type": "string",
          "x-expected": "a name, such as vm-\${vm.id}",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Za-z0-9$][A-Za-z0-9_.\${}-]*$",
          "examples": ["catalog", "vm-\${vm.id}"]
        },
        "forEachVm": {
          "description": "One item for each VM that all these selectors choose; with none of them every VM. Never workers, never templates.",
          "x-noun": "forEachVm",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "pool": {
              "description": "VMs of this pool.",
              "type": "string",
              "x-expected": "the name of a pool",
              "pattern": "^[A-Za-z0-9._/-]+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "examples": ["production"]
            },
            "tags": {
              "description": "VMs by their tags in Proxmox VE.",
              "x-noun": "tags",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "any": {
                  "description": "At least one of these.",
                  "type": "array",
                  "items": {
                    "description": "A tag.",
                    "type": "string"
                  }
                },
                "all": {
                  "description": "Every one of these.",
                  "type": "array",
                  "items": {
                    "description": "A tag.",
                    "type": "string"
                  }
                }
              }
            },
            "vmids": {
              "description": "Only these VMs.",
              "type": "array",
              "items": {
                "description": "A vmid.",
                "type": ["integer", "string"],
                "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
                "minimum": 100,
                "maximum": 999999999
              },
              "examples": [[105]]
            },
            "exclude": {
              "description": "Not these VMs.",
              "type": "array",
              "items": {
                "description": "A vmid.",
                "type": ["integer", "string"],
                "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
                "minimum": 100,
                "maximum": 999999999
              },
              "examples": [[105]]
            }
          }
        },
        "run": {
          "description": "The command that does the work, inside a worker. Exit code 0 is success.",
          "type": "array",
          "items": {
            "description": "One argument. No shell is involved; write [sh, -c, \\"\u2026\\"] where one is wanted.",
            "type": "string",
            "pattern": "^[^\\\\u0000]*$"
          },
          "minItems": 1,
          "maxItems": 512,
          "examples": [["/usr/local/bin/backup-vm", "\${vm.id}"]],
          "x-expected": "a list of a program and its arguments, such as [test, -w, /mnt/repo]"
        },
        "env": {
          "description": "Environment variables of this item; stronger than the session's and the repository's.",
          "type": "object",
          "additionalProperties": {
            "description": "The value. Secrets stand here as \${secret.NAME} and are read from the environment at the moment of use.",
            "type": "string"
          },
          "propertyNames": {
            "$ref": "#/definitions/variableName"
          },
          "examples": [
            {
              "PBS_PASSWORD": "\${secret.PBS_PASSWORD}"
            }
          ],
          "x-noun": "an environment"
        },
        "repository": {
          "description": "Name of an entry in \`repositories\`.",
          "type": "string",
          "x-expected": "the name of a repository",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "examples": ["pbs-main"]
        },
        "timeout": {
          "description": "How long one attempt may take.",
          "type": "string",
          "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
          "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
          "default": "4h"
        },
        "retries": {
          "description": "Further attempts after a failure.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 0,
          "maximum": 10,
          "default": 0
        }
      },
      "required": ["name", "run"]
    },
    "session": {
      "description": "One backup or restore run.",
      "x-noun": "a session",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "kind": {
          "description": "What it is for. A restore skips patching.",
          "type": "string",
          "enum": ["backup", "restore"],
          "default": "backup"
        },
        "workers": {
          "description": "Which workers take part. Default: every enabled worker.",
          "x-noun": "workers",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "names": {
              "description": "These workers.",
              "type": "array",
              "items": {
                "$ref": "#/definitions/workerName"
              }
            },
            "labels": {
              "description": "Workers that bear all these labels.",
              "type": "object",
              "additionalProperties": {
                "description": "The label's value.",
                "type": "string"
              },
              "propertyNames": {
                "$ref": "#/definitions/labelName"
              }
            }
          }
        },
        "placement": {
          "description": "Where an item runs, seen from its VM's node.",
          "type": "string",
          "enum": ["sameNode", "preferSameNode", "any"],
          "default": "preferSameNode"
        },
        "items": {
          "description": "The work.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/item"
          },
          "minItems": 1,
          "maxItems": 10000
        },
        "guards": {
          "description": "When the session fails rather than doing little.",
          "x-noun": "guards",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "minItems": {
              "description": "At least so many items, or it fails.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 0,
              "maximum": 100000,
              "default": 1
            },
            "minWorkers": {
              "description": "At least so many workers, or nothing is powered on.",
              "type": ["integer", "string"],
              "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
              "minimum": 1,
              "maximum": 100000,
              "default": 1
            },
            "waitForWorkers": {
              "description": "How long to wait for them.",
              "type": "string",
              "x-expected": "a duration with its unit, such as 90s, 30m or 1h30m",
              "pattern": "^\\\\s*(\\\\d+(\\\\.\\\\d+)?\\\\s*(ms|s|m|h|d)\\\\s*)+$|\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}",
              "default": "15m"
            }
          }
        },
        "reserve": {
          "description": "Slots of each worker that this session leaves free.",
          "type": ["integer", "string"],
          "pattern": "^\\\\$\\\\{var\\\\.[A-Za-z_][A-Za-z0-9_-]*\\\\}$",
          "minimum": 0,
          "maximum": 128,
          "default": 0
        },
        "env": {
          "description": "Environment variables of every item.",
          "type": "object",
          "additionalProperties": {
            "description": "The value. Secrets stand here as \${secret.NAME} and are read from the environment at the moment of use.",
            "type": "string"
          },
          "propertyNames": {
            "$ref": "#/definitions/variableName"
          },
          "examples": [
            {
              "PBS_PASSWORD": "\${secret.PBS_PASSWORD}"
            }
          ],
          "x-noun": "an environment"
        }
      }
    }
  }
}
`,state:`{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "urn:muster:state:1",
  "title": "Muster state",
  "description": "What Muster recorded about its workers. Written by Muster only.",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "format": {
      "description": "Format of this file.",
      "const": 1
    },
    "lineage": {
      "description": "Born with the state, never changed.",
      "type": "string",
      "minLength": 8,
      "maxLength": 64,
      "pattern": "^[A-Za-z0-9-]+$"
    },
    "serial": {
      "description": "Grows by one with each changed write.",
      "type": "integer",
      "minimum": 0,
      "maximum": 9007199254740991
    },
    "project": {
      "description": "Project.",
      "type": "string",
      "minLength": 1,
      "maxLength": 64
    },
    "environment": {
      "description": "Environment; empty for none.",
      "type": "string",
      "maxLength": 64
    },
    "nodes": {
      "description": "Nodes of the cluster when last seen.",
      "type": "object",
      "additionalProperties": {
        "description": "A node.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "cpus": {
            "description": "Processors.",
            "type": "integer",
            "minimum": 0
          },
          "memory": {
            "description": "Bytes.",
            "type": "integer",
            "minimum": 0
          }
        },
        "required": ["cpus", "memory"]
      }
    },
    "workers": {
      "description": "Records by worker.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/worker"
      },
      "propertyNames": {
        "description": "Name of a worker.",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]*$",
        "maxLength": 253
      }
    },
    "runs": {
      "description": "Live runs by id.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/run"
      }
    },
    "sessions": {
      "description": "Live sessions, and the last ended ones.",
      "type": "object",
      "additionalProperties": {
        "$ref": "#/definitions/session"
      }
    },
    "cluster": {
      "description": "The cluster.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "name": {
          "description": "Its name.",
          "type": "string"
        }
      },
      "required": []
    },
    "history": {
      "description": "What earlier sessions took, by name.",
      "type": "object",
      "additionalProperties": {
        "description": "One session.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "items": {
            "description": "Items by name.",
            "type": "object",
            "additionalProperties": {
              "description": "One item.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "ms": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                },
                "at": {
                  "description": "When, in cluster time. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                }
              },
              "required": ["ms", "at"]
            }
          }
        },
        "required": ["items"]
      }
    }
  },
  "required": [
    "format",
    "lineage",
    "serial",
    "project",
    "environment",
    "nodes",
    "workers",
    "runs",
    "sessions"
  ],
  "definitions": {
    "workerSpec": {
      "description": "A worker with all its defaults.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "node": {
          "description": "Node.",
          "type": "string",
          "minLength": 1
        },
        "enabled": {
          "description": "May be launched.",
          "type": "boolean"
        },
        "slots": {
          "description": "Work items at once.",
          "type": "integer",
          "minimum": 1
        },
        "image": {
          "description": "Name of the image.",
          "type": "string"
        },
        "cpu": {
          "description": "Processors.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "cores": {
              "description": "vCPUs.",
              "type": "integer",
              "minimum": 1
            },
            "type": {
              "description": "CPU model.",
              "type": "string"
            }
          },
          "required": ["cores"]
        },
        "memory": {
          "description": "Bytes of RAM.",
          "type": "integer",
          "minimum": 1
        },
        "disk": {
          "description": "Boot disk.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "size": {
              "description": "Bytes.",
              "type": "integer",
              "minimum": 0
            },
            "sizeIsFloor": {
              "description": "The size is the default: a larger disk is fine.",
              "type": "boolean"
            },
            "storage": {
              "description": "Storage.",
              "type": "string"
            },
            "discard": {
              "description": "Discard.",
              "type": "boolean"
            },
            "ssd": {
              "description": "Shown as SSD.",
              "type": "boolean"
            }
          },
          "required": ["size", "sizeIsFloor"]
        },
        "networks": {
          "description": "Network interfaces.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/network"
          }
        },
        "tags": {
          "description": "Tags.",
          "type": "array",
          "items": {
            "description": "One entry.",
            "type": "string"
          }
        },
        "labels": {
          "description": "Labels.",
          "type": "object",
          "additionalProperties": {
            "description": "Value.",
            "type": "string"
          }
        },
        "files": {
          "description": "Files written at launch.",
          "type": "array",
          "items": {
            "description": "One file.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "from": {
                "description": "Path in the project.",
                "type": "string"
              },
              "to": {
                "description": "Path in the guest.",
                "type": "string"
              },
              "mode": {
                "description": "Octal permissions.",
                "type": "string",
                "pattern": "^[0-7]{4}$"
              },
              "digest": {
                "description": "SHA-256 of the content.",
                "type": "string",
                "pattern": "^[0-9a-f]{64}$"
              }
            },
            "required": ["from", "to", "mode", "digest"]
          }
        },
        "checks": {
          "description": "Declared checks.",
          "type": "array",
          "items": {
            "description": "One check.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "name": {
                "description": "Name.",
                "type": "string"
              },
              "run": {
                "description": "Program and arguments.",
                "type": "array",
                "items": {
                  "description": "One entry.",
                  "type": "string"
                }
              },
              "timeout": {
                "description": "Deadline. Milliseconds.",
                "type": "number",
                "minimum": 0
              }
            },
            "required": ["name", "run", "timeout"]
          }
        },
        "deploy": {
          "description": "When the VM is made.",
          "type": "string",
          "enum": ["onDemand", "eager"]
        },
        "onImageChange": {
          "description": "What a new image does.",
          "type": "string",
          "enum": ["replace", "nextDeploy", "ignore"]
        },
        "protect": {
          "description": "Refuses destroy and replace.",
          "type": "boolean"
        },
        "patch": {
          "description": "System updates.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "policy": {
              "description": "Which.",
              "type": "string",
              "enum": ["all", "security", "none"]
            },
            "reboot": {
              "description": "Whether to reboot.",
              "type": "string",
              "enum": ["ifRequired", "never", "always"]
            },
            "maxAge": {
              "description": "Skipped when patched more recently. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "required": {
              "description": "Whether a failure leaves the worker out.",
              "type": "boolean"
            },
            "proxy": {
              "description": "HTTP proxy.",
              "type": "string"
            }
          },
          "required": ["policy", "reboot", "maxAge", "required"]
        },
        "timeouts": {
          "description": "Deadlines.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "deploy": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "start": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "test": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "patch": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "shutdown": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            }
          },
          "required": ["deploy", "start", "test", "patch", "shutdown"]
        },
        "description": {
          "description": "Free text.",
          "type": "string"
        },
        "vmid": {
          "description": "The VM's id, when declared.",
          "type": "integer",
          "minimum": 100,
          "maximum": 999999999
        },
        "storage": {
          "description": "Storage.",
          "type": "string"
        },
        "imageSource": {
          "$ref": "#/definitions/imageSource"
        },
        "dns": {
          "description": "Name resolution.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "servers": {
              "description": "Name servers.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "search": {
              "description": "Search domain.",
              "type": "string"
            }
          },
          "required": []
        },
        "cloudInit": {
          "description": "First boot.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "user": {
              "description": "User.",
              "type": "string"
            },
            "sshKeys": {
              "description": "Public keys.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "vendorData": {
              "description": "Snippet.",
              "type": "string"
            },
            "userData": {
              "description": "Snippet.",
              "type": "string"
            },
            "networkData": {
              "description": "Snippet.",
              "type": "string"
            }
          },
          "required": []
        },
        "options": {
          "description": "Other VM options.",
          "type": "object",
          "additionalProperties": {
            "description": "Value.",
            "type": ["string", "number", "boolean"]
          }
        },
        "pool": {
          "description": "Pool.",
          "type": "string"
        }
      },
      "required": [
        "node",
        "enabled",
        "slots",
        "image",
        "cpu",
        "memory",
        "disk",
        "networks",
        "tags",
        "labels",
        "files",
        "checks",
        "deploy",
        "onImageChange",
        "protect",
        "patch",
        "timeouts"
      ]
    },
    "network": {
      "description": "One interface.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "bridge": {
          "description": "Bridge or vnet.",
          "type": "string"
        },
        "vlan": {
          "description": "VLAN tag.",
          "type": "integer",
          "minimum": 1
        },
        "mtu": {
          "description": "MTU.",
          "type": "integer",
          "minimum": 1
        },
        "model": {
          "description": "Emulated card.",
          "type": "string"
        },
        "mac": {
          "description": "MAC address.",
          "type": "string"
        },
        "firewall": {
          "description": "Firewall on.",
          "type": "boolean"
        },
        "ipv4": {
          "description": "IPv4.",
          "type": ["string", "object"],
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["dhcp", "auto", "none"]
          },
          "additionalProperties": false,
          "properties": {
            "address": {
              "description": "Address with prefix length.",
              "type": "string"
            },
            "gateway": {
              "description": "Router.",
              "type": "string"
            }
          },
          "required": ["address"]
        },
        "ipv6": {
          "description": "IPv6.",
          "type": ["string", "object"],
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["dhcp", "auto", "none"]
          },
          "additionalProperties": false,
          "properties": {
            "address": {
              "description": "Address with prefix length.",
              "type": "string"
            },
            "gateway": {
              "description": "Router.",
              "type": "string"
            }
          },
          "required": ["address"]
        }
      },
      "required": ["bridge"]
    },
    "imageSource": {
      "description": "Where the disk comes from.",
      "type": "object",
      "required": ["kind"],
      "discriminator": {
        "propertyName": "kind"
      },
      "oneOf": [
        {
          "description": "A template.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "template"
            },
            "vmid": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            },
            "clone": {
              "description": "How.",
              "type": "string",
              "enum": ["full", "linked"]
            }
          },
          "required": ["kind", "vmid", "clone"]
        },
        {
          "description": "A volume.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "import"
            },
            "volume": {
              "description": "Volume.",
              "type": "string"
            }
          },
          "required": ["kind", "volume"]
        },
        {
          "description": "A download.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "url"
            },
            "url": {
              "description": "Address.",
              "type": "string"
            },
            "checksum": {
              "description": "Checksum.",
              "type": "string"
            },
            "storage": {
              "description": "Storage.",
              "type": "string"
            }
          },
          "required": ["kind", "url", "checksum", "storage"]
        }
      ]
    },
    "worker": {
      "description": "One worker.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "declared": {
          "description": "The declaration as last applied.",
          "allOf": [
            {
              "$ref": "#/definitions/workerSpec"
            }
          ]
        },
        "protect": {
          "description": "Refuses destroy and replace.",
          "type": "boolean"
        },
        "last": {
          "description": "What happened last.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "test": {
              "$ref": "#/definitions/test"
            },
            "patch": {
              "$ref": "#/definitions/patch"
            },
            "session": {
              "description": "The last session.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "name": {
                  "description": "Its id.",
                  "type": "string"
                },
                "at": {
                  "description": "When, in cluster time. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                }
              },
              "required": ["name", "at"]
            },
            "used": {
              "description": "Last use, in cluster time. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "launch": {
              "description": "How long its launches took.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "deploy": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                },
                "update": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                },
                "start": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                },
                "test": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                },
                "patch": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                },
                "stop": {
                  "description": "Moving average. Milliseconds.",
                  "type": "number",
                  "minimum": 0
                }
              },
              "required": []
            }
          },
          "required": []
        },
        "vm": {
          "description": "Its VM. Absent: none was made.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "vmid": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            },
            "node": {
              "description": "Node.",
              "type": "string",
              "minLength": 1
            },
            "uuid": {
              "description": "SMBIOS uuid.",
              "type": "string",
              "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
            },
            "ctime": {
              "description": "When it was made, seconds since the epoch.",
              "type": "integer",
              "minimum": 0
            }
          },
          "required": ["vmid", "node", "uuid"]
        },
        "declaredIn": {
          "description": "File and line of its declaration.",
          "type": "string"
        },
        "observed": {
          "description": "What the VM showed after the last apply.",
          "type": "object",
          "additionalProperties": {
            "description": "Any JSON."
          }
        },
        "image": {
          "description": "The image that its VM was made from.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "name": {
              "description": "Name.",
              "type": "string"
            },
            "source": {
              "description": "Source.",
              "type": "string"
            }
          },
          "required": ["name", "source"]
        },
        "doing": {
          "description": "The write-ahead record.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "run": {
              "description": "Run.",
              "type": "string"
            },
            "action": {
              "description": "Action.",
              "type": "string"
            },
            "step": {
              "description": "Step.",
              "type": "string"
            },
            "plan": {
              "description": "Digest of the desired entry.",
              "type": "string"
            },
            "vmid": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            },
            "node": {
              "description": "Node.",
              "type": "string"
            },
            "uuid": {
              "description": "SMBIOS uuid.",
              "type": "string",
              "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
            },
            "upid": {
              "description": "Task of Proxmox VE.",
              "type": "string"
            },
            "error": {
              "description": "How it failed.",
              "type": "string"
            }
          },
          "required": ["run", "action", "step", "plan"]
        },
        "fence": {
          "description": "The last fence that a lease of this worker had.",
          "type": "integer",
          "minimum": 0
        },
        "lease": {
          "description": "The run that holds it.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "run": {
              "description": "Run.",
              "type": "string"
            },
            "fence": {
              "description": "Grows with each lease.",
              "type": "integer",
              "minimum": 0
            }
          },
          "required": ["run", "fence"]
        },
        "quarantine": {
          "description": "Set aside by an operator.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "note": {
              "description": "Why.",
              "type": "string"
            },
            "by": {
              "description": "Who.",
              "type": "string"
            },
            "until": {
              "description": "Until. Milliseconds.",
              "type": "number",
              "minimum": 0
            }
          },
          "required": ["note", "by"]
        }
      },
      "required": ["declared", "protect", "last"]
    },
    "session": {
      "description": "One session.",
      "type": "object",
      "required": ["kind"],
      "discriminator": {
        "propertyName": "kind"
      },
      "oneOf": [
        {
          "description": "A live one.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "live"
            },
            "id": {
              "description": "Id.",
              "type": "string"
            },
            "run": {
              "description": "The run that leads it.",
              "type": "string"
            },
            "startedAt": {
              "description": "Start. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "spec": {
              "description": "As declared.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "kind": {
                  "description": "Kind.",
                  "type": "string",
                  "enum": ["backup", "restore"]
                },
                "workers": {
                  "description": "Selection.",
                  "type": "object",
                  "additionalProperties": false,
                  "properties": {
                    "names": {
                      "description": "Workers.",
                      "type": "array",
                      "items": {
                        "description": "One entry.",
                        "type": "string"
                      }
                    },
                    "labels": {
                      "description": "Labels.",
                      "type": "object",
                      "additionalProperties": {
                        "description": "Value.",
                        "type": "string"
                      }
                    }
                  },
                  "required": []
                },
                "placement": {
                  "description": "Placement.",
                  "type": "string",
                  "enum": ["sameNode", "preferSameNode", "any"]
                },
                "guards": {
                  "description": "Guards.",
                  "type": "object",
                  "additionalProperties": false,
                  "properties": {
                    "minItems": {
                      "description": "Items.",
                      "type": "integer",
                      "minimum": 0
                    },
                    "minWorkers": {
                      "description": "Workers.",
                      "type": "integer",
                      "minimum": 0
                    },
                    "waitForWorkers": {
                      "description": "Wait. Milliseconds.",
                      "type": "number",
                      "minimum": 0
                    }
                  },
                  "required": ["minItems", "minWorkers", "waitForWorkers"]
                },
                "reserve": {
                  "description": "Slots left free.",
                  "type": "integer",
                  "minimum": 0
                },
                "env": {
                  "description": "Environment; secrets are references.",
                  "type": "object",
                  "additionalProperties": {
                    "description": "Value.",
                    "type": "string"
                  }
                }
              },
              "required": ["kind", "workers", "placement", "guards", "reserve", "env"]
            },
            "repositories": {
              "description": "Repositories.",
              "type": "object",
              "additionalProperties": {
                "description": "One repository.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                  "address": {
                    "description": "HOST:PORT.",
                    "type": "string"
                  },
                  "maxConcurrent": {
                    "description": "Items at once.",
                    "type": "integer",
                    "minimum": 1
                  }
                },
                "required": ["address"]
              }
            },
            "items": {
              "description": "Work items.",
              "type": "array",
              "items": {
                "$ref": "#/definitions/sessionItem"
              }
            },
            "attempts": {
              "description": "Attempts by item.",
              "type": "object",
              "additionalProperties": {
                "description": "Attempts.",
                "type": "array",
                "items": {
                  "$ref": "#/definitions/attempt"
                }
              }
            },
            "workers": {
              "description": "Workers.",
              "type": "object",
              "additionalProperties": {
                "$ref": "#/definitions/sessionWorker"
              }
            },
            "name": {
              "description": "Key under sessions.",
              "type": "string"
            },
            "expectedEnd": {
              "description": "Expected end. Milliseconds.",
              "type": "number",
              "minimum": 0
            }
          },
          "required": [
            "kind",
            "id",
            "run",
            "startedAt",
            "spec",
            "repositories",
            "items",
            "attempts",
            "workers"
          ]
        },
        {
          "description": "An ended one.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "ended"
            },
            "id": {
              "description": "Id.",
              "type": "string"
            },
            "work": {
              "description": "Kind of work.",
              "type": "string",
              "enum": ["backup", "restore"]
            },
            "startedAt": {
              "description": "Start. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "endedAt": {
              "description": "End. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "outcome": {
              "description": "Outcome.",
              "type": "string",
              "enum": ["ok", "failed", "interrupted"]
            },
            "ok": {
              "description": "Items that succeeded.",
              "type": "integer",
              "minimum": 0
            },
            "failed": {
              "description": "Items that failed.",
              "type": "integer",
              "minimum": 0
            },
            "notRun": {
              "description": "Items that were not run.",
              "type": "integer",
              "minimum": 0
            },
            "workers": {
              "description": "Workers.",
              "type": "integer",
              "minimum": 0
            },
            "leftOut": {
              "description": "Workers left out.",
              "type": "integer",
              "minimum": 0
            },
            "name": {
              "description": "Key under sessions.",
              "type": "string"
            }
          },
          "required": [
            "kind",
            "id",
            "work",
            "startedAt",
            "endedAt",
            "outcome",
            "ok",
            "failed",
            "notRun",
            "workers",
            "leftOut"
          ]
        }
      ]
    },
    "sessionItem": {
      "description": "One work item.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "name": {
          "description": "Name.",
          "type": "string"
        },
        "run": {
          "description": "Program and arguments.",
          "type": "array",
          "items": {
            "description": "One entry.",
            "type": "string"
          }
        },
        "env": {
          "description": "Environment; secrets are references.",
          "type": "object",
          "additionalProperties": {
            "description": "Value.",
            "type": "string"
          }
        },
        "timeout": {
          "description": "Deadline. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "retries": {
          "description": "Further attempts.",
          "type": "integer",
          "minimum": 0
        },
        "estimate": {
          "description": "Expected duration.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "ms": {
              "description": "Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "from": {
              "description": "How it is known.",
              "type": "string",
              "enum": ["item", "session", "default"]
            }
          },
          "required": ["ms", "from"]
        },
        "repository": {
          "description": "Repository.",
          "type": "string"
        },
        "vm": {
          "description": "Its VM.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "vmid": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            },
            "name": {
              "description": "Name.",
              "type": "string"
            },
            "node": {
              "description": "Node.",
              "type": "string"
            }
          },
          "required": ["vmid", "name", "node"]
        },
        "worker": {
          "description": "The only worker that may run it.",
          "type": "string"
        }
      },
      "required": ["name", "run", "env", "timeout", "retries", "estimate"]
    },
    "attempt": {
      "description": "One attempt.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "worker": {
          "description": "Worker.",
          "type": "string"
        },
        "vmid": {
          "description": "The VM's id.",
          "type": "integer",
          "minimum": 100,
          "maximum": 999999999
        },
        "place": {
          "description": "Place.",
          "type": "string",
          "enum": ["same-node", "other-node", "no-vm"]
        },
        "startedAt": {
          "description": "Start. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "result": {
          "description": "Result.",
          "type": "string",
          "enum": ["running", "ok", "failed", "timeout", "stopped", "lost"]
        },
        "endedAt": {
          "description": "End. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "exitCode": {
          "description": "Exit code.",
          "type": "integer"
        },
        "lastLine": {
          "description": "Last line of output.",
          "type": "string"
        }
      },
      "required": ["worker", "vmid", "place", "startedAt", "result"]
    },
    "sessionWorker": {
      "description": "One worker of a session.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "node": {
          "description": "Node.",
          "type": "string"
        },
        "slots": {
          "description": "Slots.",
          "type": "integer",
          "minimum": 0
        },
        "expectedAt": {
          "description": "When it should be ready. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "timeline": {
          "description": "Phases.",
          "type": "array",
          "items": {
            "description": "One phase.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "phase": {
                "description": "Phase.",
                "type": "string",
                "enum": ["deploy", "update", "start", "test", "patch", "work", "stop"]
              },
              "at": {
                "description": "When, in cluster time. Milliseconds.",
                "type": "number",
                "minimum": 0
              }
            },
            "required": ["phase", "at"]
          }
        },
        "vmid": {
          "description": "The VM's id.",
          "type": "integer",
          "minimum": 100,
          "maximum": 999999999
        },
        "endedAt": {
          "description": "Powered off. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "leftOut": {
          "description": "Why it takes no items.",
          "type": "string"
        }
      },
      "required": ["node", "slots", "expectedAt", "timeline"]
    },
    "run": {
      "description": "One invocation that changes workers.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "id": {
          "description": "Id.",
          "type": "string"
        },
        "kind": {
          "description": "What it does.",
          "type": "string",
          "enum": ["apply", "session"]
        },
        "who": {
          "description": "Who started it.",
          "type": "string"
        },
        "host": {
          "description": "Machine.",
          "type": "string"
        },
        "pid": {
          "description": "Process.",
          "type": "integer",
          "minimum": 0
        },
        "beat": {
          "description": "Last acknowledged write. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "startedAt": {
          "description": "Start. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "session": {
          "description": "Session.",
          "type": "string"
        },
        "pidProof": {
          "description": "What makes a pid comparable.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "startTime": {
              "description": "Start time of the process.",
              "type": "string"
            },
            "bootId": {
              "description": "Boot.",
              "type": "string"
            },
            "pidNamespace": {
              "description": "Namespace.",
              "type": "string"
            }
          },
          "required": ["startTime", "bootId", "pidNamespace"]
        },
        "jobUrl": {
          "description": "CI job.",
          "type": "string"
        },
        "planDigest": {
          "description": "Digest of its plan.",
          "type": "string"
        },
        "lostTo": {
          "description": "The run that took over.",
          "type": "string"
        }
      },
      "required": ["id", "kind", "who", "host", "pid", "beat", "startedAt"]
    },
    "test": {
      "description": "A test.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "result": {
          "description": "Result.",
          "type": "string",
          "enum": ["passed", "failed"]
        },
        "at": {
          "description": "When, in cluster time. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "checks": {
          "description": "Its checks.",
          "type": "array",
          "items": {
            "description": "One check.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "id": {
                "description": "Id.",
                "type": "string"
              },
              "result": {
                "description": "Result.",
                "type": "string",
                "enum": ["pass", "warn", "fail", "skip"]
              },
              "ms": {
                "description": "Duration in milliseconds.",
                "type": "number",
                "minimum": 0
              },
              "seen": {
                "description": "What was seen.",
                "type": "string"
              },
              "hint": {
                "description": "What to do.",
                "type": "string"
              }
            },
            "required": ["id", "result", "ms", "seen"]
          }
        }
      },
      "required": ["result", "at", "checks"]
    },
    "patch": {
      "description": "A patch run.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "result": {
          "description": "Result.",
          "type": "string",
          "enum": ["patched", "nothing", "skipped", "failed"]
        },
        "at": {
          "description": "When, in cluster time. Milliseconds.",
          "type": "number",
          "minimum": 0
        },
        "packages": {
          "description": "Packages.",
          "type": "array",
          "items": {
            "description": "One entry.",
            "type": "string"
          }
        },
        "rebooted": {
          "description": "Rebooted.",
          "type": "boolean"
        },
        "manager": {
          "description": "Package manager.",
          "type": "string"
        },
        "message": {
          "description": "What happened.",
          "type": "string"
        }
      },
      "required": ["result", "at", "packages", "rebooted"]
    }
  }
}
`,plan:`{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "urn:muster:plan:1",
  "title": "Muster plan",
  "description": "A saved plan. Written by muster plan --out; read by muster apply and muster show.",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "format": {
      "description": "Format of this file.",
      "const": 1
    },
    "kind": {
      "description": "Kind of this file.",
      "const": "muster-plan"
    },
    "toolVersion": {
      "description": "Version of Muster that wrote it.",
      "type": "string"
    },
    "lineage": {
      "description": "Lineage of the state that it was made from.",
      "type": "string"
    },
    "serial": {
      "description": "Serial of that state.",
      "type": "integer",
      "minimum": 0
    },
    "createdAt": {
      "description": "When, by the clock of the machine that made it. Milliseconds.",
      "type": "number",
      "minimum": 0
    },
    "plan": {
      "$ref": "#/definitions/plan"
    },
    "fileDigest": {
      "description": "SHA-256 over the rest.",
      "type": "string",
      "pattern": "^[0-9a-f]{64}$"
    },
    "commit": {
      "description": "Commit of the project.",
      "type": "string"
    }
  },
  "required": [
    "format",
    "kind",
    "toolVersion",
    "lineage",
    "serial",
    "createdAt",
    "plan",
    "fileDigest"
  ],
  "definitions": {
    "workerSpec": {
      "description": "A worker with all its defaults.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "node": {
          "description": "Node.",
          "type": "string",
          "minLength": 1
        },
        "enabled": {
          "description": "May be launched.",
          "type": "boolean"
        },
        "slots": {
          "description": "Work items at once.",
          "type": "integer",
          "minimum": 1
        },
        "image": {
          "description": "Name of the image.",
          "type": "string"
        },
        "cpu": {
          "description": "Processors.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "cores": {
              "description": "vCPUs.",
              "type": "integer",
              "minimum": 1
            },
            "type": {
              "description": "CPU model.",
              "type": "string"
            }
          },
          "required": ["cores"]
        },
        "memory": {
          "description": "Bytes of RAM.",
          "type": "integer",
          "minimum": 1
        },
        "disk": {
          "description": "Boot disk.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "size": {
              "description": "Bytes.",
              "type": "integer",
              "minimum": 0
            },
            "sizeIsFloor": {
              "description": "The size is the default: a larger disk is fine.",
              "type": "boolean"
            },
            "storage": {
              "description": "Storage.",
              "type": "string"
            },
            "discard": {
              "description": "Discard.",
              "type": "boolean"
            },
            "ssd": {
              "description": "Shown as SSD.",
              "type": "boolean"
            }
          },
          "required": ["size", "sizeIsFloor"]
        },
        "networks": {
          "description": "Network interfaces.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/network"
          }
        },
        "tags": {
          "description": "Tags.",
          "type": "array",
          "items": {
            "description": "One entry.",
            "type": "string"
          }
        },
        "labels": {
          "description": "Labels.",
          "type": "object",
          "additionalProperties": {
            "description": "Value.",
            "type": "string"
          }
        },
        "files": {
          "description": "Files written at launch.",
          "type": "array",
          "items": {
            "description": "One file.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "from": {
                "description": "Path in the project.",
                "type": "string"
              },
              "to": {
                "description": "Path in the guest.",
                "type": "string"
              },
              "mode": {
                "description": "Octal permissions.",
                "type": "string",
                "pattern": "^[0-7]{4}$"
              },
              "digest": {
                "description": "SHA-256 of the content.",
                "type": "string",
                "pattern": "^[0-9a-f]{64}$"
              }
            },
            "required": ["from", "to", "mode", "digest"]
          }
        },
        "checks": {
          "description": "Declared checks.",
          "type": "array",
          "items": {
            "description": "One check.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "name": {
                "description": "Name.",
                "type": "string"
              },
              "run": {
                "description": "Program and arguments.",
                "type": "array",
                "items": {
                  "description": "One entry.",
                  "type": "string"
                }
              },
              "timeout": {
                "description": "Deadline. Milliseconds.",
                "type": "number",
                "minimum": 0
              }
            },
            "required": ["name", "run", "timeout"]
          }
        },
        "deploy": {
          "description": "When the VM is made.",
          "type": "string",
          "enum": ["onDemand", "eager"]
        },
        "onImageChange": {
          "description": "What a new image does.",
          "type": "string",
          "enum": ["replace", "nextDeploy", "ignore"]
        },
        "protect": {
          "description": "Refuses destroy and replace.",
          "type": "boolean"
        },
        "patch": {
          "description": "System updates.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "policy": {
              "description": "Which.",
              "type": "string",
              "enum": ["all", "security", "none"]
            },
            "reboot": {
              "description": "Whether to reboot.",
              "type": "string",
              "enum": ["ifRequired", "never", "always"]
            },
            "maxAge": {
              "description": "Skipped when patched more recently. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "required": {
              "description": "Whether a failure leaves the worker out.",
              "type": "boolean"
            },
            "proxy": {
              "description": "HTTP proxy.",
              "type": "string"
            }
          },
          "required": ["policy", "reboot", "maxAge", "required"]
        },
        "timeouts": {
          "description": "Deadlines.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "deploy": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "start": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "test": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "patch": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            },
            "shutdown": {
              "description": "Deadline. Milliseconds.",
              "type": "number",
              "minimum": 0
            }
          },
          "required": ["deploy", "start", "test", "patch", "shutdown"]
        },
        "description": {
          "description": "Free text.",
          "type": "string"
        },
        "vmid": {
          "description": "The VM's id, when declared.",
          "type": "integer",
          "minimum": 100,
          "maximum": 999999999
        },
        "storage": {
          "description": "Storage.",
          "type": "string"
        },
        "imageSource": {
          "$ref": "#/definitions/imageSource"
        },
        "dns": {
          "description": "Name resolution.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "servers": {
              "description": "Name servers.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "search": {
              "description": "Search domain.",
              "type": "string"
            }
          },
          "required": []
        },
        "cloudInit": {
          "description": "First boot.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "user": {
              "description": "User.",
              "type": "string"
            },
            "sshKeys": {
              "description": "Public keys.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "vendorData": {
              "description": "Snippet.",
              "type": "string"
            },
            "userData": {
              "description": "Snippet.",
              "type": "string"
            },
            "networkData": {
              "description": "Snippet.",
              "type": "string"
            }
          },
          "required": []
        },
        "options": {
          "description": "Other VM options.",
          "type": "object",
          "additionalProperties": {
            "description": "Value.",
            "type": ["string", "number", "boolean"]
          }
        },
        "pool": {
          "description": "Pool.",
          "type": "string"
        }
      },
      "required": [
        "node",
        "enabled",
        "slots",
        "image",
        "cpu",
        "memory",
        "disk",
        "networks",
        "tags",
        "labels",
        "files",
        "checks",
        "deploy",
        "onImageChange",
        "protect",
        "patch",
        "timeouts"
      ]
    },
    "network": {
      "description": "One interface.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "bridge": {
          "description": "Bridge or vnet.",
          "type": "string"
        },
        "vlan": {
          "description": "VLAN tag.",
          "type": "integer",
          "minimum": 1
        },
        "mtu": {
          "description": "MTU.",
          "type": "integer",
          "minimum": 1
        },
        "model": {
          "description": "Emulated card.",
          "type": "string"
        },
        "mac": {
          "description": "MAC address.",
          "type": "string"
        },
        "firewall": {
          "description": "Firewall on.",
          "type": "boolean"
        },
        "ipv4": {
          "description": "IPv4.",
          "type": ["string", "object"],
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["dhcp", "auto", "none"]
          },
          "additionalProperties": false,
          "properties": {
            "address": {
              "description": "Address with prefix length.",
              "type": "string"
            },
            "gateway": {
              "description": "Router.",
              "type": "string"
            }
          },
          "required": ["address"]
        },
        "ipv6": {
          "description": "IPv6.",
          "type": ["string", "object"],
          "if": {
            "type": "string"
          },
          "then": {
            "enum": ["dhcp", "auto", "none"]
          },
          "additionalProperties": false,
          "properties": {
            "address": {
              "description": "Address with prefix length.",
              "type": "string"
            },
            "gateway": {
              "description": "Router.",
              "type": "string"
            }
          },
          "required": ["address"]
        }
      },
      "required": ["bridge"]
    },
    "imageSource": {
      "description": "Where the disk comes from.",
      "type": "object",
      "required": ["kind"],
      "discriminator": {
        "propertyName": "kind"
      },
      "oneOf": [
        {
          "description": "A template.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "template"
            },
            "vmid": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            },
            "clone": {
              "description": "How.",
              "type": "string",
              "enum": ["full", "linked"]
            }
          },
          "required": ["kind", "vmid", "clone"]
        },
        {
          "description": "A volume.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "import"
            },
            "volume": {
              "description": "Volume.",
              "type": "string"
            }
          },
          "required": ["kind", "volume"]
        },
        {
          "description": "A download.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "kind": {
              "description": "Kind.",
              "const": "url"
            },
            "url": {
              "description": "Address.",
              "type": "string"
            },
            "checksum": {
              "description": "Checksum.",
              "type": "string"
            },
            "storage": {
              "description": "Storage.",
              "type": "string"
            }
          },
          "required": ["kind", "url", "checksum", "storage"]
        }
      ]
    },
    "plan": {
      "description": "What would be done.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "format": {
          "description": "Format.",
          "const": 1
        },
        "project": {
          "description": "Project.",
          "type": "string"
        },
        "environment": {
          "description": "Environment.",
          "type": "string"
        },
        "cluster": {
          "description": "The cluster.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "version": {
              "description": "Version.",
              "type": "string"
            },
            "endpoint": {
              "description": "Address.",
              "type": "string"
            },
            "token": {
              "description": "Token id, without its secret.",
              "type": "string"
            },
            "nodes": {
              "description": "Nodes.",
              "type": "integer",
              "minimum": 0
            },
            "unreachable": {
              "description": "Nodes without an answer.",
              "type": "integer",
              "minimum": 0
            },
            "name": {
              "description": "Name.",
              "type": "string"
            },
            "quorate": {
              "description": "Has quorum.",
              "type": "boolean"
            }
          },
          "required": ["version", "endpoint", "token", "nodes", "unreachable"]
        },
        "options": {
          "description": "Options of the plan.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "test": {
              "description": "Option.",
              "type": "boolean"
            },
            "destroy": {
              "description": "Option.",
              "type": "boolean"
            },
            "refreshOnly": {
              "description": "Option.",
              "type": "boolean"
            },
            "refresh": {
              "description": "Option.",
              "type": "boolean"
            },
            "prune": {
              "description": "Option.",
              "type": "boolean"
            },
            "strict": {
              "description": "Option.",
              "type": "boolean"
            },
            "target": {
              "description": "Workers.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "exclude": {
              "description": "Workers.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "replace": {
              "description": "Workers.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "force": {
              "description": "Workers.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "only": {
              "description": "Only these actions.",
              "type": "array",
              "items": {
                "description": "An action.",
                "type": "string",
                "enum": [
                  "shutdown",
                  "forget",
                  "destroy",
                  "adopt",
                  "rename",
                  "configure",
                  "deploy",
                  "update",
                  "replace",
                  "test",
                  "session"
                ]
              }
            }
          },
          "required": [
            "test",
            "destroy",
            "refreshOnly",
            "refresh",
            "prune",
            "strict",
            "target",
            "exclude",
            "replace",
            "force"
          ]
        },
        "workers": {
          "description": "Workers with something to do or to say.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/workerPlan"
          }
        },
        "unchanged": {
          "description": "Workers without.",
          "type": "integer",
          "minimum": 0
        },
        "findings": {
          "description": "Findings.",
          "type": "array",
          "items": {
            "description": "A finding.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "code": {
                "description": "Id.",
                "type": "string"
              },
              "message": {
                "description": "Text.",
                "type": "string"
              },
              "worker": {
                "description": "Worker.",
                "type": "string"
              },
              "vmid": {
                "description": "VM.",
                "type": "integer",
                "minimum": 0
              },
              "node": {
                "description": "Node.",
                "type": "string"
              },
              "remedy": {
                "description": "What to do.",
                "type": "string"
              }
            },
            "required": ["code", "message"]
          }
        },
        "preflight": {
          "description": "Preflight.",
          "type": "array",
          "items": {
            "description": "A line.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "result": {
                "description": "Result.",
                "type": "string",
                "enum": ["ok", "warn", "fail"]
              },
              "code": {
                "description": "Id.",
                "type": "string"
              },
              "message": {
                "description": "Text.",
                "type": "string"
              },
              "worker": {
                "description": "Worker.",
                "type": "string"
              },
              "remedy": {
                "description": "What to do.",
                "type": "string"
              }
            },
            "required": ["result", "code", "message"]
          }
        },
        "guards": {
          "description": "Guards.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "forbid": {
              "description": "Actions.",
              "type": "array",
              "items": {
                "description": "One entry.",
                "type": "string"
              }
            },
            "maxDestroy": {
              "description": "Destroys.",
              "type": "integer",
              "minimum": 0
            },
            "maxReplace": {
              "description": "Replaces.",
              "type": "integer",
              "minimum": 0
            }
          },
          "required": ["forbid"]
        },
        "refusals": {
          "description": "Guards that it breaks.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/diagnostic"
          }
        },
        "warnings": {
          "description": "Warnings.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/diagnostic"
          }
        },
        "contents": {
          "description": "File contents as base64, by SHA-256.",
          "type": "object",
          "additionalProperties": {
            "description": "Content.",
            "type": "string",
            "pattern": "^[A-Za-z0-9+/]*={0,2}$"
          },
          "propertyNames": {
            "description": "SHA-256.",
            "pattern": "^[0-9a-f]{64}$"
          }
        },
        "repositories": {
          "description": "Repositories.",
          "type": "array",
          "items": {
            "description": "A repository.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "name": {
                "description": "Name.",
                "type": "string"
              },
              "host": {
                "description": "Host.",
                "type": "string"
              },
              "port": {
                "description": "Port.",
                "type": "integer",
                "minimum": 1,
                "maximum": 65535
              },
              "fingerprint": {
                "description": "Fingerprint.",
                "type": "string"
              }
            },
            "required": ["name", "host", "port"]
          }
        },
        "limits": {
          "description": "What may run at once.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "parallelism": {
              "description": "Over all.",
              "type": "integer",
              "minimum": 1
            },
            "perNode": {
              "description": "Per node.",
              "type": "integer",
              "minimum": 1
            },
            "perStorage": {
              "description": "Per storage.",
              "type": "integer",
              "minimum": 1
            }
          },
          "required": ["parallelism", "perNode", "perStorage"]
        },
        "vmids": {
          "description": "Range of ids.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "from": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            },
            "to": {
              "description": "The VM's id.",
              "type": "integer",
              "minimum": 100,
              "maximum": 999999999
            }
          },
          "required": ["from", "to"]
        },
        "reviewDigest": {
          "description": "Digest over what would be done.",
          "type": "string",
          "pattern": "^[0-9a-f]{64}$"
        }
      },
      "required": [
        "format",
        "project",
        "environment",
        "cluster",
        "options",
        "workers",
        "unchanged",
        "findings",
        "preflight",
        "guards",
        "refusals",
        "warnings",
        "contents",
        "repositories",
        "limits",
        "vmids",
        "reviewDigest"
      ]
    },
    "location": {
      "description": "A place in a file.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "file": {
          "description": "File.",
          "type": "string"
        },
        "line": {
          "description": "Line, from 1.",
          "type": "integer",
          "minimum": 0
        },
        "column": {
          "description": "Column, from 1.",
          "type": "integer",
          "minimum": 0
        },
        "endLine": {
          "description": "Last line.",
          "type": "integer",
          "minimum": 0
        },
        "endColumn": {
          "description": "Column after the end.",
          "type": "integer",
          "minimum": 0
        }
      },
      "required": ["file", "line", "column"]
    },
    "diagnostic": {
      "description": "A message to the user.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "severity": {
          "description": "Severity.",
          "type": "string",
          "enum": ["error", "warning"]
        },
        "code": {
          "description": "Id.",
          "type": "string"
        },
        "message": {
          "description": "What is wrong.",
          "type": "string"
        },
        "labels": {
          "description": "Places.",
          "type": "array",
          "items": {
            "description": "A place with its text.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "file": {
                "description": "File.",
                "type": "string"
              },
              "line": {
                "description": "Line, from 1.",
                "type": "integer",
                "minimum": 0
              },
              "column": {
                "description": "Column, from 1.",
                "type": "integer",
                "minimum": 0
              },
              "endLine": {
                "description": "Last line.",
                "type": "integer",
                "minimum": 0
              },
              "endColumn": {
                "description": "Column after the end.",
                "type": "integer",
                "minimum": 0
              },
              "text": {
                "description": "What is there.",
                "type": "string"
              },
              "frame": {
                "description": "Lines around it.",
                "type": "array",
                "items": {
                  "description": "Line number and text.",
                  "type": "array",
                  "items": {
                    "description": "Number or text.",
                    "type": ["number", "string"]
                  },
                  "minItems": 2,
                  "maxItems": 2
                }
              }
            },
            "required": ["file", "line", "column"]
          }
        },
        "detail": {
          "description": "Further lines.",
          "type": "array",
          "items": {
            "description": "One entry.",
            "type": "string"
          }
        },
        "remedy": {
          "description": "What to do.",
          "type": "string"
        }
      },
      "required": ["severity", "code", "message", "labels"]
    },
    "change": {
      "description": "One attribute.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "path": {
          "description": "Path.",
          "type": "string"
        },
        "before": {
          "description": "Any JSON."
        },
        "after": {
          "description": "Any JSON."
        },
        "causes": {
          "description": "Causes.",
          "type": "array",
          "items": {
            "description": "Cause.",
            "type": "string",
            "enum": ["declaration", "drift", "image", "tool"]
          }
        },
        "cost": {
          "description": "Cost.",
          "type": "string",
          "enum": [
            "record",
            "in-place",
            "cloud-init-rerun",
            "power-off",
            "move-disk",
            "migrate",
            "rebuild"
          ]
        },
        "applied": {
          "description": "Any JSON."
        },
        "at": {
          "$ref": "#/definitions/location"
        }
      },
      "required": ["path", "before", "after", "causes", "cost"]
    },
    "workerPlan": {
      "description": "One worker.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "worker": {
          "description": "Name.",
          "type": "string",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]*$"
        },
        "actions": {
          "description": "Actions in their order.",
          "type": "array",
          "items": {
            "description": "An action.",
            "type": "string",
            "enum": [
              "shutdown",
              "forget",
              "destroy",
              "adopt",
              "rename",
              "configure",
              "deploy",
              "update",
              "replace",
              "test",
              "session"
            ]
          }
        },
        "reasons": {
          "description": "Reasons.",
          "type": "array",
          "items": {
            "description": "Reason.",
            "type": "string",
            "enum": [
              "new",
              "new-node",
              "declaration-changed",
              "drift",
              "image-changed",
              "vm-gone",
              "left-running",
              "run-lost",
              "interrupted",
              "undeclared",
              "node-gone",
              "orphan",
              "renamed",
              "removed",
              "eager",
              "requested"
            ]
          }
        },
        "changes": {
          "description": "Changes.",
          "type": "array",
          "items": {
            "$ref": "#/definitions/change"
          }
        },
        "node": {
          "description": "Node.",
          "type": "string"
        },
        "frees": {
          "description": "Volumes that are freed.",
          "type": "array",
          "items": {
            "description": "One entry.",
            "type": "string"
          }
        },
        "held": {
          "description": "Why nothing is done now.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "why": {
              "description": "Why.",
              "type": "string",
              "enum": [
                "unreachable",
                "invisible",
                "leased",
                "locked",
                "ha-managed",
                "protected",
                "guard",
                "quarantined"
              ]
            },
            "by": {
              "description": "Who or what.",
              "type": "string"
            },
            "remedy": {
              "description": "How to go on.",
              "type": "string"
            },
            "until": {
              "description": "Until. Milliseconds.",
              "type": "number",
              "minimum": 0
            }
          },
          "required": ["why", "by"]
        },
        "declaredAt": {
          "$ref": "#/definitions/location"
        },
        "set": {
          "description": "Worker set.",
          "type": "string"
        },
        "vmid": {
          "description": "The VM's id.",
          "type": "integer",
          "minimum": 100,
          "maximum": 999999999
        },
        "uuid": {
          "description": "SMBIOS uuid.",
          "type": "string",
          "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
        },
        "desired": {
          "description": "The entry to work towards.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "name": {
              "description": "Name.",
              "type": "string"
            },
            "spec": {
              "$ref": "#/definitions/workerSpec"
            },
            "declaredAt": {
              "$ref": "#/definitions/location"
            },
            "set": {
              "description": "Worker set.",
              "type": "string"
            }
          },
          "required": ["name", "spec", "declaredAt"]
        },
        "from": {
          "description": "Old name.",
          "type": "string"
        },
        "summary": {
          "description": "One line.",
          "type": "string"
        },
        "lastUsed": {
          "description": "Last use.",
          "type": "string"
        }
      },
      "required": ["worker", "actions", "reasons", "changes", "node", "frees"]
    }
  }
}
`,session:`{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "urn:muster:session:1",
  "title": "Muster session",
  "description": "How a session ended. Written by muster apply --with-session; shown by muster sessions show.",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "format": {
      "description": "Format of this document.",
      "const": 1
    },
    "document": {
      "description": "Kind of this document.",
      "const": "muster-session"
    },
    "id": {
      "description": "Its id.",
      "type": "string"
    },
    "name": {
      "description": "Its key under sessions; absent: an ad hoc one.",
      "type": "string"
    },
    "kind": {
      "description": "What it was for.",
      "enum": [
        "backup",
        "restore"
      ]
    },
    "startedAt": {
      "description": "Cluster time. Milliseconds since the epoch.",
      "type": "number",
      "minimum": 0
    },
    "tookMs": {
      "description": "How long it took. Milliseconds.",
      "type": "number",
      "minimum": 0
    },
    "outcome": {
      "description": "How it ended.",
      "enum": [
        "ok",
        "failed",
        "interrupted"
      ]
    },
    "items": {
      "description": "Failed ones first, then by name.",
      "type": "array",
      "items": {
        "description": "One work item.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "item": {
            "description": "Its name.",
            "type": "string"
          },
          "vm": {
            "description": "The VM that it is about.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "vmid": {
                "description": "Its id.",
                "type": "integer",
                "minimum": 0
              },
              "name": {
                "description": "Its name.",
                "type": "string"
              },
              "node": {
                "description": "Its node.",
                "type": "string"
              }
            },
            "required": [
              "vmid",
              "name",
              "node"
            ]
          },
          "repository": {
            "description": "The repository that it uses.",
            "type": "string"
          },
          "result": {
            "description": "How its last attempt ended.",
            "enum": [
              "ok",
              "failed",
              "timeout",
              "stopped",
              "lost",
              "not-run"
            ]
          },
          "attempts": {
            "description": "Oldest first.",
            "type": "array",
            "items": {
              "description": "One attempt.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "worker": {
                  "description": "The worker that ran it.",
                  "type": "string"
                },
                "node": {
                  "description": "That worker's node.",
                  "type": "string"
                },
                "place": {
                  "description": "Seen from the VM's node.",
                  "enum": [
                    "same-node",
                    "other-node",
                    "no-vm"
                  ]
                },
                "start": {
                  "description": "Milliseconds from the session's start.",
                  "type": "number",
                  "minimum": 0
                },
                "end": {
                  "description": "Milliseconds from the session's start.",
                  "type": "number",
                  "minimum": 0
                },
                "exitCode": {
                  "description": "Exit status; absent: it is not known.",
                  "type": "integer"
                },
                "lastLine": {
                  "description": "Last line of output.",
                  "type": "string"
                }
              },
              "required": [
                "worker",
                "node",
                "place",
                "start",
                "end"
              ]
            }
          }
        },
        "required": [
          "item",
          "result",
          "attempts"
        ]
      }
    },
    "workers": {
      "description": "By name.",
      "type": "array",
      "items": {
        "description": "One worker.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "worker": {
            "description": "Its name.",
            "type": "string"
          },
          "node": {
            "description": "Its node.",
            "type": "string"
          },
          "vmid": {
            "description": "Id of its VM.",
            "type": "integer",
            "minimum": 0
          },
          "items": {
            "description": "Items whose last attempt it ran.",
            "type": "integer",
            "minimum": 0
          },
          "leftOut": {
            "description": "Why it took no (more) items.",
            "type": "string"
          },
          "phases": {
            "description": "Its launch, in order.",
            "type": "array",
            "items": {
              "description": "One phase.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "phase": {
                  "description": "Its name.",
                  "enum": [
                    "deploy",
                    "update",
                    "start",
                    "test",
                    "patch",
                    "work",
                    "stop"
                  ]
                },
                "start": {
                  "description": "Milliseconds from the session's start.",
                  "type": "number",
                  "minimum": 0
                },
                "end": {
                  "description": "Milliseconds from the session's start.",
                  "type": "number",
                  "minimum": 0
                }
              },
              "required": [
                "phase",
                "start",
                "end"
              ]
            }
          }
        },
        "required": [
          "worker",
          "node",
          "items",
          "phases"
        ]
      }
    },
    "repositories": {
      "description": "By name.",
      "type": "object",
      "additionalProperties": {
        "description": "One repository.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "items": {
            "description": "Items that used it.",
            "type": "integer",
            "minimum": 0
          },
          "busyMs": {
            "description": "Time that they took, added up. Milliseconds.",
            "type": "number",
            "minimum": 0
          }
        },
        "required": [
          "items",
          "busyMs"
        ]
      }
    },
    "leftRunning": {
      "description": "Workers that are still powered on.",
      "type": "array",
      "items": {
        "description": "A worker.",
        "type": "string"
      }
    },
    "isLive": {
      "description": "It is not over: it can be gone on with.",
      "type": "boolean"
    },
    "broken": {
      "description": "The guard that kept items from being started.",
      "type": "string"
    }
  },
  "required": [
    "format",
    "document",
    "id",
    "kind",
    "startedAt",
    "tookMs",
    "outcome",
    "items",
    "workers",
    "repositories",
    "leftRunning"
  ]
}
`};async function runSchema({context,args}){let name=args[0]??"declaration",text=Object.entries(SCHEMAS).find(([key])=>key===name)?.[1];if(text===void 0){let known=Object.keys(SCHEMAS).join(", "),message=`there is no schema "${name}"`;throw new DiagnosticsError([problem("unknown-schema",message,`Choose one of ${known}.`)])}return context.stdout.write(text.endsWith(`
`)?text:`${text}
`),0}export{runSchema};
