/**
 * Flushes a whole file system with one call, by a child that lives as long as its disk: hundreds of growing files cost one `sync -f`.
 *
 * A child for each call would be a fork of this process: every page of its memory is then copied at the next write to it (a tenth of what recording costs).
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** What the child has not read yet: a disk that does not answer is not asked for ever. */
const MAX_WAITING_BYTES = 4_096

export class Flusher {
  private child: ChildProcess | undefined
  private isClosed = false

  /** Falls back to nothing where the programs are missing; closing a segment flushes it anyway. */
  flush(folder: string): void {
    if (this.isClosed || folder.includes('\n')) return
    const { stdin } = (this.child ??= this.start())
    if (stdin && stdin.writableLength < MAX_WAITING_BYTES) stdin.write(`${folder}\n`)
  }

  /** What was asked for is still done. */
  close(): void {
    this.isClosed = true
    this.child?.stdin?.end()
  }

  /** `xargs` runs `sync -f <line>` for each line as it comes, one after the other. */
  private start(): ChildProcess {
    const child = spawn('xargs', ['-d', '\n', '-n', '1', 'sync', '-f', '--'], { stdio: ['pipe', 'ignore', 'ignore'] })
    const forget = () => {
      if (this.child === child) this.child = undefined // the next flush begins another
    }
    child.on('error', forget).on('exit', forget)
    // out of file descriptors there are no pipes, and the error comes later
    ;(child.stdin as typeof child.stdin | undefined)?.on('error', forget)
    return child
  }
}
