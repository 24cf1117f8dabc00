/** The part of it that Muster uses; the package has no types of its own. */
declare module 'fs-native-extensions' {
  /** Exclusive lock on the open file: false while another open file has it. Throws the system's error otherwise. */
  export function tryLock(fd: number): boolean;
}
