/** Sends one loop to one receiver in real time: RTP (RFC 3550 §5) and its sender reports (§6.4.1). */
import type { Clock } from '../base/clock.ts'
import { INTERLEAVED_HEADER_BYTES, RTP_HEADER_BYTES, type RtpLoop } from './packetize.ts'
import { randomUint16, randomUint32, type Random } from './seeded.ts'
import type { Wheel } from './wheel.ts'

const SENDER_REPORT_EVERY_MS = 5_000
/** Units later than this are left out instead of sent in a burst. */
const MAX_LATE_MS = 1_000
/** From the epoch of NTP (1900) to that of Unix. */
const NTP_TO_UNIX_S = 2_208_988_800

/** Where a track's packets go. `packetAt` says where each begins in `unit`, its end included as last entry. */
export type RtpSink = {
  sendUnit(unit: Buffer, packetAt: readonly number[]): void
  sendReport(report: Buffer): void
}

export type TrackFate = 'send' | 'lose' | 'hold'

export type TrackOptions = {
  clock: Clock
  wheel: Wheel
  random: Random
  sink: RtpSink
  /** First byte of each interleaved frame after `$`. */
  channel: number
  /** The loop to show from the next key frame on. */
  pickLoop(): RtpLoop
  /** When the camera began to loop (monotonic): all its receivers see the same picture at the same time. */
  beganAtMs: number
  /** Asked for each unit: send it, use up its numbers without sending it, or say nothing at all. */
  fateOf(isKey: boolean): TrackFate
  onSent(): void
}

export class RtpTrack {
  readonly ssrc: number
  #options: TrackOptions
  #sequence: number
  /** RTP timestamp of the loop's first picture in this round; wraps at 32 bits when written. */
  #roundTicks: number
  #loop: RtpLoop
  #index = 0
  #dueMs = 0
  #nextReportMs = 0
  #packetsSent = 0
  #octetsSent = 0
  #run = 0
  #isHeld = false

  constructor(options: TrackOptions) {
    this.#options = options
    this.ssrc = randomUint32(options.random)
    this.#sequence = randomUint16(options.random)
    this.#roundTicks = randomUint32(options.random)
    this.#loop = options.pickLoop()
  }

  /**
   * Begins with the first key frame from `nowMs` on, as a camera does that cannot make one on demand.
   * Gives what `RTP-Info` says (RFC 2326 §12.33), and when the first unit is due.
   */
  start(nowMs: number): { sequence: number; timestamp: number; dueMs: number } {
    const { wheel, beganAtMs, pickLoop } = this.#options
    if (this.#run > 0) this.#roundTicks += this.#index * this.#loop.unitTicks + Math.round((nowMs - this.#dueMs) * (this.#loop.unitTicks / this.#loop.unitMs))
    this.#loop = pickLoop()
    this.#seek(nowMs, beganAtMs)
    this.#nextReportMs = this.#dueMs
    const run = ++this.#run
    wheel.add(this.#dueMs, (at) => this.#turn(run, at))
    return { sequence: this.#sequence, timestamp: this.#timestamp(), dueMs: this.#dueMs }
  }

  stop() {
    this.#run++
  }

  #seek(nowMs: number, beganAtMs: number) {
    const { unitMs, unitCount, isKey } = this.#loop
    let unit = Math.max(0, Math.ceil((nowMs - beganAtMs) / unitMs))
    while (!isKey[unit % unitCount]) unit++
    this.#index = unit % unitCount
    this.#dueMs = beganAtMs + unit * unitMs
  }

  #timestamp(): number {
    return (this.#roundTicks + this.#loop.displayIndex[this.#index]! * this.#loop.unitTicks) % 0x1_0000_0000
  }

  #turn(run: number, nowMs: number) {
    if (run !== this.#run) return
    if (nowMs - this.#dueMs > MAX_LATE_MS) this.#dueMs = nowMs
    while (this.#dueMs <= nowMs) {
      this.#sendUnit(nowMs)
      if (run !== this.#run) return
      this.#advance()
    }
    this.#options.wheel.add(this.#dueMs, (at) => this.#turn(run, at))
  }

  #advance() {
    const loop = this.#loop
    this.#dueMs += loop.unitMs
    this.#index++
    const isRoundOver = this.#index === loop.unitCount
    if (!isRoundOver && !loop.isKey[this.#index]) return
    const wanted = this.#options.pickLoop()
    if (!isRoundOver && wanted === loop) return
    this.#roundTicks += this.#index * loop.unitTicks
    this.#index = 0
    this.#loop = wanted
  }

  #sendUnit(nowMs: number) {
    const loop = this.#loop
    const isKey = loop.isKey[this.#index] === 1
    const fate = this.#options.fateOf(isKey)
    // After a silence the receiver needs a key frame.
    if (fate === 'hold') this.#isHeld = true
    else if (isKey) this.#isHeld = false
    if (this.#isHeld) return
    const firstPacket = loop.unitAt[this.#index]!
    const endPacket = loop.unitAt[this.#index + 1]!
    if (fate === 'lose') {
      this.#sequence = (this.#sequence + endPacket - firstPacket) & 0xffff
      return
    }
    if (nowMs >= this.#nextReportMs) {
      this.#nextReportMs = nowMs + SENDER_REPORT_EVERY_MS
      this.#options.sink.sendReport(this.#senderReport())
    }
    const start = loop.packetAt[firstPacket]!
    const unit = Buffer.allocUnsafe(loop.packetAt[endPacket]! - start)
    loop.bytes.copy(unit, 0, start, start + unit.length)
    const timestamp = this.#timestamp()
    const packetAt: number[] = []
    for (let packet = firstPacket; packet < endPacket; packet++) {
      const at = loop.packetAt[packet]! - start
      packetAt.push(at)
      unit[at + 1] = this.#options.channel
      unit.writeUInt16BE(this.#sequence, at + 6)
      unit.writeUInt32BE(timestamp, at + 8)
      unit.writeUInt32BE(this.ssrc, at + 12)
      this.#sequence = (this.#sequence + 1) & 0xffff
    }
    packetAt.push(unit.length)
    this.#packetsSent += endPacket - firstPacket
    this.#octetsSent += unit.length - (endPacket - firstPacket) * (INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES)
    this.#options.sink.sendUnit(unit, packetAt)
    this.#options.onSent()
  }

  /** SR with one SDES chunk (CNAME), framed for the RTCP channel. */
  #senderReport(): Buffer {
    const cname = 'camera'
    const report = Buffer.alloc(4 + 28 + 20)
    report[0] = 0x24
    report[1] = this.#options.channel + 1
    report.writeUInt16BE(48, 2)
    report.set([0x80, 200, 0, 6], 4)
    report.writeUInt32BE(this.ssrc, 8)
    const now = this.#options.clock.now()
    report.writeUInt32BE(Math.floor(now / 1000) + NTP_TO_UNIX_S, 12)
    report.writeUInt32BE(Math.floor(((now % 1000) / 1000) * 0x1_0000_0000), 16)
    report.writeUInt32BE(this.#timestamp(), 20)
    report.writeUInt32BE(this.#packetsSent, 24)
    report.writeUInt32BE(this.#octetsSent % 0x1_0000_0000, 28)
    report.set([0x81, 202, 0, 4], 32)
    report.writeUInt32BE(this.ssrc, 36)
    report.set([1, cname.length], 40)
    report.write(cname, 42, 'latin1')
    return report
  }
}
