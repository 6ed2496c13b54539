/** Keeps child processes alive: forks, waits for `ready`, restarts what dies with growing pauses, stops everything in order. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from './base/clock.ts'

/** What a child says first, once: that it works, or why it never will. Anything may stand beside `type`. */
export type ChildMessage = { type: string } & Record<string, unknown>

export type ChildOptions = {
  name: string
  /** Entry file below `server/`. */
  entry: string
  environment: () => Record<string, string>
  clock: Clock
  /** Where its standard output goes: a file, or ours. */
  output: number | 'inherit'
  /** Longest pause before a restart. */
  maxPauseMs: number
  /** Every message but `ready` and `failed`, and `ready` again after each restart. */
  onMessage?: (message: ChildMessage) => void
  /** One line for a person when it died. */
  onDied: (line: string) => void
  /** Longest time from start to `ready`. */
  readyWithinMs?: number
}

const FIRST_PAUSE_MS = 200
/** Ran this long: the next death is a new story. */
const HEALTHY_AFTER_MS = 30_000
const READY_WITHIN_MS = 180_000
const tsx = import.meta.resolve('tsx')

/** One child process and its successors. */
export class Child {
  readonly name: string
  readonly #options: ChildOptions
  #process: ChildProcess | undefined
  #pauseMs = FIRST_PAUSE_MS
  #isStopping = false
  #wasReady = false

  constructor(options: ChildOptions) {
    this.name = options.name
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Starts it; resolves with its `ready` message. Rejects when it fails before ever being ready: that is for a person to mend. */
  start(): Promise<ChildMessage> {
    return new Promise((resolve, reject) => this.#fork(resolve, reject))
  }

  send(message: ChildMessage) {
    // a child that is just dying gets it again from whoever answers its next `ready`
    if (this.#process?.connected) this.#process.send(message, () => undefined)
  }

  /** SIGTERM, and SIGKILL after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      const force = this.#options.clock.after(withinMs, () => child.kill('SIGKILL'))
      child.once('exit', () => {
        force.cancel()
        resolve()
      })
      child.kill('SIGTERM')
    })
  }

  #fork(resolve: (message: ChildMessage) => void, reject: (problem: Error) => void) {
    const { name, entry, environment, clock, output, onMessage, onDied, maxPauseMs, readyWithinMs = READY_WITHIN_MS } = this.#options
    if (this.#isStopping) return
    const startedMs = clock.monotonicMs()
    const child = fork(fileURLToPath(new URL(entry, import.meta.url)), [], {
      execArgv: ['--import', tsx],
      env: { ...process.env, ...environment() },
      stdio: ['ignore', output, 'inherit', 'ipc'],
    })
    this.#process = child
    let problem: string | undefined
    const tooLate = clock.after(readyWithinMs, () => {
      problem = `not ready within ${readyWithinMs / 1000} s`
      child.kill('SIGKILL')
    })
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'failed') problem = String(message['message'])
      else if (message.type === 'ready') {
        tooLate.cancel()
        if (this.#wasReady) onMessage?.(message)
        this.#wasReady = true
        resolve(message)
      } else onMessage?.(message)
    })
    child.on('error', (error) => (problem ??= error.message))
    child.on('exit', (code, signal) => {
      tooLate.cancel()
      if (this.#isStopping) return reject(new Error(`${name} was stopped`))
      const reason = problem ?? (signal ? `signal ${signal}` : `exit code ${code}`)
      if (!this.#wasReady) return reject(new Error(reason))
      if (clock.monotonicMs() - startedMs > HEALTHY_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS
      onDied(`${name}: ${reason}`)
      clock.after(this.#pauseMs, () => this.#fork(resolve, reject))
      this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs * 2)
    })
  }
}
