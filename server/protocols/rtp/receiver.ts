/** The receiving end of one RTP track: one SSRC at a time, in sequence order, losses counted. */
import { ProtocolError } from '../../base/errors.ts'
import type { Depacketizer } from './depacketizer.ts'
import { createRtpPacket, parseRtp } from './packet.ts'
import { sequenceStep } from './unwrap.ts'

/** A step further than this is a sender that started anew, not a loss (RFC 3550 Appendix A.1, MAX_DROPOUT and MAX_MISORDER). */
const MAX_LOST = 3000
const MAX_LATE = 100
/** RTCP packet types 200 to 204 as they look in the payload type field: RTCP on the RTP channel (RFC 5761 §4). */
const FIRST_RTCP_TYPE = 72
const LAST_RTCP_TYPE = 76

export type ReceiverCounters = { packetsLost: number; protocolErrors: number }

/** What a receiver report says (RFC 3550 §6.4.1). */
export type ReceptionReport = { ssrc: number; fractionLost: number; packetsLost: number; highestSequence: number }

export class RtpReceiver {
  readonly #depacketizer: Depacketizer
  readonly #counters: ReceiverCounters
  readonly #packet = createRtpPacket()
  #ssrc: number | undefined
  #sequence = 0
  #cycles = 0
  #received = 0
  #lost = 0
  #lastReport = { received: 0, lost: 0 }

  constructor(depacketizer: Depacketizer, counters: ReceiverCounters) {
    this.#depacketizer = depacketizer
    this.#counters = counters
  }

  /** One packet, `[start, end)` of `bytes`. Never throws `ProtocolError`: it counts them. Late and repeated packets are dropped. */
  receive(bytes: Uint8Array, start: number, end: number, arrival90k: number): void {
    try {
      this.#receive(bytes, start, end, arrival90k)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#counters.protocolErrors += 1
    }
  }

  report(): ReceptionReport | undefined {
    if (this.#ssrc === undefined) return undefined
    const received = this.#received - this.#lastReport.received
    const lost = this.#lost - this.#lastReport.lost
    this.#lastReport = { received: this.#received, lost: this.#lost }
    const fractionLost = received + lost === 0 ? 0 : lost / (received + lost)
    return { ssrc: this.#ssrc, fractionLost, packetsLost: this.#lost, highestSequence: (this.#cycles * 0x10000 + this.#sequence) % 0x100000000 }
  }

  #receive(bytes: Uint8Array, start: number, end: number, arrival90k: number): void {
    const packet = this.#packet
    parseRtp(bytes, start, end, packet)
    if (packet.payloadType >= FIRST_RTCP_TYPE && packet.payloadType <= LAST_RTCP_TYPE) return
    let lost = 0
    if (packet.ssrc !== this.#ssrc) {
      if (this.#ssrc !== undefined) this.#depacketizer.restart()
      this.#ssrc = packet.ssrc
    } else {
      const step = sequenceStep(this.#sequence, packet.sequence)
      if (step <= 0 && step > -MAX_LATE) return
      if (step <= 0 || step > MAX_LOST) this.#depacketizer.restart()
      else lost = step - 1
      if (packet.sequence < this.#sequence) this.#cycles += 1
    }
    this.#sequence = packet.sequence
    this.#received += 1
    this.#lost += lost
    this.#counters.packetsLost += lost
    this.#depacketizer.push(packet, bytes, lost, arrival90k)
  }
}
