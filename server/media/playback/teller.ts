/** What one page is told, in the order of what it is sent, and which moment which FLV time is by that. */
import type { Instant } from '../../contract/ids.ts'
import type { PlaybackServerMessage } from '../../contract/recordings.ts'
import { HOLE_MS } from '../recorded/moments.ts'

type Opened = Extract<PlaybackServerMessage, { type: 'opened' }>

export class Teller {
  private readonly send: (message: PlaybackServerMessage) => void
  /** `opened` and what came after it, until the first picture is sent: ffmpeg tells which one that is. */
  private held: { opened: Opened; later: PlaybackServerMessage[] } | undefined
  /** Oldest first; the last one that was shown is the first of them. */
  private told: { flvMs: number; at: Instant }[] = []
  private clockOffsetMs = 0

  constructor(send: (message: PlaybackServerMessage) => void) {
    this.send = send
  }

  /** A refusal is never held back. */
  say(message: PlaybackServerMessage) {
    if (this.held && message.type !== 'refused') this.held.later.push(message)
    else this.send(message)
  }

  get isHolding() {
    return this.held !== undefined
  }

  open(opened: Opened) {
    this.told = []
    this.clockOffsetMs = 0
    this.held = { opened, later: [] }
  }

  /** The first picture sent has `firstFlvMs`: what was to be said of times before is void. */
  begin(firstFlvMs: number) {
    const { held } = this
    this.held = undefined
    if (!held) return
    const { opened, later } = held
    const position = later.findLast((message) => message.type === 'position' && message.flvMs <= firstFlvMs)
    const at = position?.type === 'position' ? position.at + Math.round(firstFlvMs - position.flvMs) : opened.at
    this.send({ ...opened, at, flvBaseMs: firstFlvMs })
    this.send({ type: 'position', flvMs: firstFlvMs, at })
    const offset = later.findLast((message) => message.type === 'clockOffset' && message.flvMs <= firstFlvMs)
    if (offset?.type === 'clockOffset') this.send({ ...offset, flvMs: firstFlvMs })
    for (const message of later) if (!('flvMs' in message) || message.flvMs > firstFlvMs) this.send(message)
  }

  /** What follows from `flvMs` on is of the moment `at`. */
  tellMoment(flvMs: number, at: Instant) {
    const toAt = Math.round(at)
    const fromAt = Math.round(this.newestAt(flvMs) ?? at)
    if (toAt - fromAt > HOLE_MS) this.say({ type: 'gap', flvMs, fromAt, toAt })
    this.told.push({ flvMs, at: toAt })
    this.say({ type: 'position', flvMs, at: toAt })
  }

  /** What follows from `flvMs` on was recorded with a clock that was off by so much. Says it only when that is new. */
  tellClockOffset(flvMs: number, clockOffsetMs: number) {
    if (clockOffsetMs === this.clockOffsetMs) return
    this.clockOffsetMs = clockOffsetMs
    this.say({ type: 'clockOffset', flvMs, clockOffsetMs })
  }

  /** What is shown now: what lies before it will not be asked for again. */
  forgetBefore(shownFlvMs: number) {
    while (this.told.length > 1 && this.told[1]!.flvMs <= shownFlvMs) this.told.shift()
  }

  /** By the newest that was told; `undefined` before the first. */
  newestAt(flvMs: number): Instant | undefined {
    const last = this.told.at(-1)
    return last && last.at + flvMs - last.flvMs
  }

  /** Of an FLV time that is shown. */
  shownAt(shownFlvMs: number): Instant | undefined {
    const first = this.told[0]
    return first && Math.round(first.at + Math.max(0, shownFlvMs - first.flvMs))
  }
}
