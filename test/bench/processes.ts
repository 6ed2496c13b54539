/** CPU and memory of other processes, from /proc: what a peer costs is measured the same way as what we cost. */
import { type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Linux reports process times in ticks of 10 ms (USER_HZ is 100 on every supported platform). */
const TICK_MS = 10

/** User + system time of one process since it started, its threads included. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Proportional set size: memory shared between many copies of one program is counted once. */
export function pssMb(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Cores used by `pids` together over `windowMs`. */
export async function coresUsed(pids: number[], windowMs: number): Promise<number> {
  const before = pids.map(cpuMs).reduce((a, b) => a + b, 0)
  const from = performance.now()
  await pause(windowMs)
  return (pids.map(cpuMs).reduce((a, b) => a + b, 0) - before) / (performance.now() - from)
}

/** Resolves with the first message for which `wanted` is true; rejects when the child ends before. */
export function message<T>(child: ChildProcess, wanted: (message: { type?: string }) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (received: unknown) => {
      if (!wanted(received as { type?: string })) return
      child.off('message', onMessage)
      resolve(received as T)
    }
    child.on('message', onMessage)
    child.once('exit', (code) => reject(new Error(`process ${child.pid} ended with ${code} before it was ready`)))
  })
}

export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const round = (value: number, digits = 3) => Number(value.toFixed(digits))
