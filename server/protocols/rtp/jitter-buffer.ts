/** Puts UDP packets of one track back into sequence order. */
import { RTP_HEADER_BYTES } from './packet.ts'
import { sequenceStep } from './unwrap.ts'

const MAX_WAIT_MS = 200
const MAX_PACKETS = 64

/**
 * Packets in order pass through untouched and uncopied. One that comes early is copied and waits for the missing ones, at most 200 ms or 64
 * packets; then the gap is given up. Whoever is late is passed on as it is: the receiver drops it.
 */
export class JitterBuffer {
  readonly #onPacket: (bytes: Uint8Array) => void
  #expected: number | undefined
  #waiting: { sequence: number; bytes: Uint8Array; arrivedMs: number }[] = []

  constructor(onPacket: (bytes: Uint8Array) => void) {
    this.#onPacket = onPacket
  }

  push(bytes: Uint8Array, nowMs: number): void {
    if (bytes.length < RTP_HEADER_BYTES) return
    const sequence = (bytes[2]! << 8) | bytes[3]!
    const step = this.#expected === undefined ? 0 : sequenceStep(this.#expected, sequence)
    if (step === 0) this.#pass(sequence, bytes)
    else if (Math.abs(step) > MAX_PACKETS) this.#startAnew(sequence, bytes)
    else if (step > 0) this.#hold(sequence, bytes, nowMs)
    else this.#onPacket(bytes)
    this.expire(nowMs)
  }

  /** Gives up gaps that have been waited for long enough. */
  expire(nowMs: number): void {
    while (this.#waiting.length > 0 && (this.#waiting.length >= MAX_PACKETS || nowMs - this.#waiting[0]!.arrivedMs >= MAX_WAIT_MS)) this.#releaseFirst()
  }

  #pass(sequence: number, bytes: Uint8Array): void {
    this.#expected = (sequence + 1) & 0xffff
    this.#onPacket(bytes)
    while (this.#waiting[0]?.sequence === this.#expected) this.#releaseFirst()
  }

  #releaseFirst(): void {
    const first = this.#waiting.shift()!
    this.#expected = (first.sequence + 1) & 0xffff
    this.#onPacket(first.bytes)
    while (this.#waiting[0]?.sequence === this.#expected) {
      const next = this.#waiting.shift()!
      this.#expected = (next.sequence + 1) & 0xffff
      this.#onPacket(next.bytes)
    }
  }

  #hold(sequence: number, bytes: Uint8Array, nowMs: number): void {
    let index = this.#waiting.length
    while (index > 0 && sequenceStep(this.#waiting[index - 1]!.sequence, sequence) < 0) index -= 1
    if (this.#waiting[index - 1]?.sequence === sequence) return
    this.#waiting.splice(index, 0, { sequence, bytes: Uint8Array.from(bytes), arrivedMs: nowMs })
  }

  #startAnew(sequence: number, bytes: Uint8Array): void {
    for (const { bytes: held } of this.#waiting.splice(0)) this.#onPacket(held)
    this.#pass(sequence, bytes)
  }
}
