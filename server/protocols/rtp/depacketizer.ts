import type { RtpPacket } from './packet.ts'

/** RTP payloads of one track in, access units out (by the callback it was made with). */
export type Depacketizer = {
  /**
   * One packet of one SSRC, in sequence order; `lost` is how many are missing before it. The payload may lie in a shared buffer: it is used up before
   * `push` returns. Throws `ProtocolError` for a packet that breaks the format: drop it, count it, go on.
   */
  push(packet: RtpPacket, bytes: Uint8Array, lost: number, arrival90k: number): void
  /** A new SSRC: drop what is unfinished and rebase the time. */
  restart(): void
}
