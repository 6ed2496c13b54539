/**
 * Where entries of the patrol log wait for the server: in memory, and in this browser's storage in batches, each under a key of its own, so that a wall that is
 * cut off for hours writes what is new and not everything again. What there is no room for in the storage waits in memory alone.
 */
import { z } from 'zod'
import type { Instant } from '../../../server/contract/ids.ts'
import type { PatrolReport } from '../../../server/contract/walls.ts'
import { decodeBatch, encodeBatch } from './patrol-batch.ts'

/** As many as one report may hold. */
export const batchSize = 500
/** What the server takes of one account after a cut: 16 tiles with 5 s fill it in 8 hours, 36 tiles with 3 s in 2. Then the oldest go, and are counted. */
export const maxKept = 100_000
const writeEveryMs = 5_000
/** The storage had no room: it may have some later. */
const tryAgainAfterMs = 60_000
/** What was lost longer ago is no news. */
const tellLostForMs = 7 * 86_400_000

/** Entries nobody will ever see. `full`: there was no room for them; `refused`: the server does not take them. */
const Lost = z.object({ full: z.number().int().nonnegative(), refused: z.number().int().nonnegative(), lastAt: z.number() })
export type LostEntries = Readonly<z.infer<typeof Lost>>

/** A part of the browser's storage. `set` answers false when there is no room. */
export type PatrolStorage = { keys(): string[]; get(key: string): string | null; set(key: string, text: string): boolean; remove(key: string): void }
/** `isSealed`: it is on its way to the server; what is new does not go with it. */
type Batch = { number: number; reports: PatrolReport[]; isWritten: boolean; isSealed: boolean }

const lostKey = 'lost'

export function createPatrolShelf(storage: PatrolStorage, now: () => Instant) {
  let batches = readBatches(storage)
  let lost = readLost(storage, now())
  let count = batches.reduce((sum, { reports }) => sum + reports.length, 0)
  let lastNumber = batches.at(-1)?.number ?? 0
  let nextWriteAt = now() + writeEveryMs

  return {
    count: () => count,
    lost: (): LostEntries => lost,
    add,
    /** The oldest batch, which gets no more entries; undefined when nothing waits. */
    seal(): readonly PatrolReport[] | undefined {
      const oldest = batches[0]
      if (oldest) oldest.isSealed = true
      return oldest?.reports
    },
    /** The sealed batch has arrived; `refused` of it are not taken for good. */
    done(reports: readonly PatrolReport[], refused: number) {
      const sent = batches.find((batch) => batch.reports === reports)
      if (sent) remove(sent)
      if (refused > 0) noteLost('refused', refused)
    },
    /** Asked often: writes what is new every few seconds. The clock may have been set back meanwhile. */
    tick: () => (now() >= nextWriteAt || nextWriteAt - now() > tryAgainAfterMs) && write(),
    write,
  }

  function add(reports: readonly PatrolReport[]) {
    for (const report of reports) {
      let last = batches.at(-1)
      if (!last || last.isSealed || last.reports.length >= batchSize) {
        last = { number: ++lastNumber, reports: [], isWritten: false, isSealed: false }
        batches.push(last)
      }
      last.reports.push(report)
      last.isWritten = false
      count++
    }
    while (count > maxKept && batches.length > 1) {
      const oldest = batches[0]!
      remove(oldest)
      noteLost('full', oldest.reports.length)
    }
  }

  function remove(batch: Batch) {
    batches = batches.filter((each) => each !== batch)
    count -= batch.reports.length
    storage.remove(String(batch.number))
  }

  function write() {
    nextWriteAt = now() + writeEveryMs
    for (const batch of batches) {
      if (batch.isWritten) continue
      batch.isWritten = storage.set(String(batch.number), encodeBatch(batch.reports))
      if (batch.isWritten) continue
      nextWriteAt = now() + tryAgainAfterMs
      return
    }
  }

  function noteLost(why: 'full' | 'refused', entries: number) {
    lost = { ...lost, [why]: lost[why] + entries, lastAt: now() }
    storage.set(lostKey, JSON.stringify(lost))
  }
}
export type PatrolShelf = ReturnType<typeof createPatrolShelf>

function readBatches(storage: PatrolStorage): Batch[] {
  const numbers = storage.keys().flatMap((key) => (/^\d+$/.test(key) ? [Number(key)] : []))
  const batches = numbers.map((number) => ({ number, reports: decodeBatch(storage.get(String(number)) ?? ''), isWritten: true, isSealed: false }))
  for (const { number, reports } of batches) if (reports.length === 0) storage.remove(String(number))
  return batches.filter(({ reports }) => reports.length > 0).toSorted((a, b) => a.number - b.number)
}

function readLost(storage: PatrolStorage, at: Instant): LostEntries {
  const none = { full: 0, refused: 0, lastAt: at }
  try {
    const lost = Lost.safeParse(JSON.parse(storage.get(lostKey) ?? 'null')).data
    return lost && at - lost.lastAt < tellLostForMs ? lost : none
  } catch {
    return none // not ours
  }
}

/** The patrol log of one wall and account in this browser. Without a storage (forbidden by a policy) everything is kept in memory. */
export function patrolStorage(account: string, wall: number): PatrolStorage {
  const prefix = `mapwall:${account}:patrol.${wall}.`
  const local = () => {
    try {
      return window.localStorage
    } catch {
      return undefined // forbidden by the browser's policy
    }
  }
  return {
    keys() {
      const storage = local()
      const all = Array.from({ length: storage?.length ?? 0 }, (_, i) => storage?.key(i) ?? '')
      return all.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
    },
    get: (key) => local()?.getItem(prefix + key) ?? null,
    set(key, text) {
      try {
        local()?.setItem(prefix + key, text)
        return true
      } catch (error) {
        console.info('patrol log not kept on this screen', error) // full: it is sent from memory
        return false
      }
    },
    remove: (key) => local()?.removeItem(prefix + key),
  }
}
