/** One process per folder: a lock file that says who holds it. A holder that is dead holds nothing, even if its pid was given to another. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Instant } from '../contract/ids.ts'

const Holder = z.object({
  pid: z.number().int().positive(),
  /** Start of that process in clock ticks since boot, where the system says it (Linux). Tells a reused pid from the holder. */
  startTicks: z.string().nullable(),
  sinceAt: z.number(),
  /** What else the holder wants known: a folder a later start may clear away. */
  note: z.string().nullable(),
})
export type Holder = z.infer<typeof Holder>

export type ProcessLock = { release(): void }
export type LockResult = { ok: true; lock: ProcessLock; staleNote: string | null } | { ok: false; holder: Holder }

/** Takes the lock, or says who has it. `staleNote` is what a dead holder left. Creates the folder. */
export function takeLock(file: string, { now, note = null }: { now: Instant; note?: string | null }): LockResult {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const mine = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  const holder: Holder = { pid: process.pid, startTicks: startTicksOf(process.pid), sinceAt: now, note }
  writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 })
  let staleNote: string | null = null
  try {
    // a hard link appears with its content or not at all: nobody ever reads half a lock
    for (let attempt = 0; ; attempt++) {
      try {
        linkSync(mine, file)
        return { ok: true, lock: { release: () => releaseLock(file) }, staleNote }
      } catch (problem) {
        if ((problem as NodeJS.ErrnoException).code !== 'EEXIST') throw problem
      }
      const current = readLock(file)
      if (current && (isAlive(current) || attempt > 3)) return { ok: false, holder: current }
      staleNote = current?.note ?? null
      clearStale(file, `${mine}.stale`)
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Who holds the lock now, if anybody living does. */
export function findHolder(file: string): Holder | undefined {
  const holder = readLock(file)
  return holder && isAlive(holder) ? holder : undefined
}

function releaseLock(file: string) {
  if (readLock(file)?.pid === process.pid) rmSync(file, { force: true })
}

/** Moves the dead holder's lock away; of two that try, one moves it and the other finds nothing. */
function clearStale(file: string, aside: string) {
  try {
    renameSync(file, aside)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ENOENT') throw problem
  }
  rmSync(aside, { force: true })
}

function readLock(file: string): Holder | undefined {
  try {
    return Holder.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
  } catch {
    // gone, or not ours to read as JSON: nobody we know holds it
    return undefined
  }
}

function isAlive({ pid, startTicks }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code === 'EPERM'
  }
  const ticks = startTicksOf(pid)
  return ticks === null || startTicks === null || ticks === startTicks
}

/** Field 22 of `/proc/<pid>/stat` (proc_pid_stat(5)); the command in field 2 may hold spaces and parentheses. A zombie counts as dead. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'dead' : (fields[19] ?? null)
  } catch {
    return null // no /proc on this system
  }
}

/** Words for people: `进程 4711（自 2026-11-22 14:02 起）`. */
export const describeHolder = ({ pid, sinceAt }: Holder): string => `进程 pid ${pid}，自 since ${new Date(sinceAt).toLocaleString('sv-SE')}`
