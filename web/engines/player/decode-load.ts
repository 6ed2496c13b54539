/**
 * How much of this computer the pictures take, and how many more it can decode. Pure: it is told what a second has shown.
 *
 * Each frame says how long it was in the decoder (`processingDuration` of its metadata): with the frame rate that is the part of one core a picture takes.
 * Where a browser does not say it, or decodes on a graphics chip, the estimate is bounded by what was seen: no frames lost, so it can do at least this many;
 * frames lost for a while, so it cannot do more than this.
 */
import type { Profile } from '../../../server/contract/ids.ts'
import { usualLimit } from './budget.ts'

/** What one playing picture did in one second. */
export type PictureSecond = { profile: Profile; frames: number; dropped: number; decodeMs: number | null }
/** `stallMs`: longest time the page did nothing. `elsewhere`: what other windows of this computer decode, in sub streams. */
export type LoadSecond = { pictures: readonly PictureSecond[]; cores: number; stallMs: number; elsewhere?: number }

export type DecodeLoad = {
  sub: number
  main: number
  /** 0 to 1 of what this computer can do, as far as it is known. */
  usedRate: number
  /** What other windows decode, in sub streams. */
  elsewhere: number
  /** How many sub streams it can decode in all, with those of other windows. */
  capacity: number
  /** How many sub streams a main stream costs. */
  mainCost: number
  /** Frames lost over the last seconds, 0 to 1. */
  droppedRate: number
  isMeasured: boolean
}

/** Part of the cores that pictures may take; the rest is for the page and the system. */
const usablePart = 0.8
const keptSeconds = 10
const measuredAfterS = 5
const lostRate = 0.06
const fineRate = 0.015
/** Something else may have taken the processor for a while: a machine that ever played a wall is not called unable. */
const leastCapacity = 4
/** A page that stands so long is out of breath. */
const breathlessMs = 250
const maxCapacity = 64
const usualMainCost = 4
/** While all of them play well, so many more may be tried, whatever the estimate says. */
const mayTry = 2
/** Where frames were lost it is not tried again for so long. */
const rememberLossS = 600

/** `known`: what was learnt on this screen before. */
export function createDecodeLoad(known: number | null = null) {
  let seconds: LoadSecond[] = []
  let capacity = known ?? usualLimit
  let isMeasured = known !== null
  let mainCost = usualMainCost
  let ceiling = maxCapacity
  let sinceLossS = 0
  let sinceCutS = keptSeconds

  return {
    add(second: LoadSecond): DecodeLoad {
      seconds = [...seconds, second].slice(-keptSeconds)
      learn()
      return state()
    },
    state,
  }

  function learn() {
    sinceCutS++
    if (seconds.length < measuredAfterS) return
    const now = seconds.at(-1)
    const own = cost(now?.pictures ?? [])
    if (!now || own === 0) return
    const elsewhere = now.elsewhere ?? 0
    const playing = own + elsewhere
    isMeasured = true
    const lost = lostIn(seconds)
    const isBreathless = seconds.filter(({ stallMs }) => stallMs > breathlessMs).length > seconds.length / 2
    if (lost > lostRate || (isBreathless && lost > fineRate)) {
      sinceLossS = 0
      const last = seconds.slice(-measuredAfterS)
      if (sinceCutS < keptSeconds || !last.every((each) => isBreathless || lostIn([each]) > lostRate)) return
      // for a while it has shown more than it can: what it can is what of it arrived
      capacity = ceiling = Math.max(leastCapacity, Math.min(capacity, Math.floor(playing * (1 - lostIn(last)))))
      sinceCutS = 0
      return
    }
    if (++sinceLossS > rememberLossS) ceiling = maxCapacity
    if (lost > fineRate) return
    const seen = Math.ceil(playing)
    const wished = Math.max(estimated(now.cores) ?? capacity, seen + mayTry)
    // upwards by steps, and no further than twice what was seen: an estimate of decoding is not yet an experience of showing
    const step = wished > capacity ? Math.min(wished, Math.max(capacity, seen) + 4) : wished
    capacity = Math.max(1, seen, Math.min(maxCapacity, ceiling, step, Math.max(usualLimit, 2 * seen)))
  }

  /** Sub streams that would fill the usable part of the cores; null when the browser does not say what a frame costs. */
  function estimated(cores: number): number | null {
    const subMs = meanPerSecond('sub')
    const mainMs = meanPerSecond('main')
    if (subMs !== null && mainMs !== null) mainCost = Math.min(12, Math.max(1, mainMs / subMs))
    const perSub = subMs ?? (mainMs === null ? null : mainMs / mainCost)
    return perSub === null || perSub <= 0 ? null : Math.floor((cores * 1000 * usablePart) / perSub)
  }

  /** Mean decoding time of one picture in one second, ms. */
  function meanPerSecond(profile: Profile): number | null {
    const spent = seconds.flatMap(({ pictures }) =>
      pictures.flatMap((each) => (each.profile === profile && each.decodeMs !== null ? [each.decodeMs * each.frames] : [])),
    )
    return spent.length === 0 ? null : spent.reduce((sum, ms) => sum + ms, 0) / spent.length
  }

  function lostIn(some: readonly LoadSecond[]): number {
    const sum = (pick: (picture: PictureSecond) => number) => some.flatMap(({ pictures }) => pictures.map(pick)).reduce((a, b) => a + b, 0)
    const frames = sum(({ frames: decoded }) => decoded)
    return frames === 0 ? 0 : Math.min(1, sum(({ dropped }) => dropped) / frames)
  }

  function cost(pictures: readonly { profile: Profile }[]): number {
    return pictures.reduce((sum, { profile }) => sum + (profile === 'main' ? mainCost : 1), 0)
  }

  function state(): DecodeLoad {
    const { pictures = [], elsewhere = 0 } = seconds.at(-1) ?? {}
    return {
      elsewhere,
      sub: pictures.filter(({ profile }) => profile === 'sub').length,
      main: pictures.filter(({ profile }) => profile === 'main').length,
      usedRate: Math.min(1, (cost(pictures) + elsewhere) / capacity),
      capacity,
      mainCost,
      droppedRate: lostIn(seconds),
      isMeasured,
    }
  }
}
export type DecodeLoadMeter = ReturnType<typeof createDecodeLoad>
