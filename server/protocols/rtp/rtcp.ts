/** RTCP, RFC 3550 §6: the little a receiver needs. */
import { ascii, concat, u16, u24, u32, u8 } from '../bytes.ts'
import type { ReceptionReport } from './receiver.ts'

const RECEIVER_REPORT = 201
const SOURCE_DESCRIPTION = 202
const GOODBYE = 203
const CNAME = 1

/** Whether a compound packet holds a BYE (§6.6). What cannot be read is ignored. */
export function hasRtcpGoodbye(bytes: Uint8Array, start: number, end: number): boolean {
  let offset = start
  while (offset + 4 <= end && bytes[offset]! >>> 6 === 2) {
    if (bytes[offset + 1] === GOODBYE) return true
    offset += 4 + 4 * ((bytes[offset + 2]! << 8) | bytes[offset + 3]!)
  }
  return false
}

/** A receiver report with CNAME (§6.4.2, §6.5); an empty one if nothing has come yet. */
export function serializeReceiverReport(ourSsrc: number, report: ReceptionReport | undefined): Uint8Array {
  const block = report
    ? concat(
        u32(report.ssrc),
        u8(Math.round(report.fractionLost * 255)),
        u24(Math.min(report.packetsLost, 0x7fffff)),
        u32(report.highestSequence),
        u32(0),
        u32(0),
        u32(0),
      )
    : new Uint8Array(0)
  const receiverReport = concat(u8(0x80 | (report ? 1 : 0)), u8(RECEIVER_REPORT), u16(1 + block.length / 4), u32(ourSsrc), block)
  const name = ascii('mapwall')
  const chunk = concat(u32(ourSsrc), u8(CNAME), u8(name.length), name)
  const padded = concat(chunk, new Uint8Array(4 - (chunk.length % 4)))
  return concat(receiverReport, u8(0x81), u8(SOURCE_DESCRIPTION), u16(padded.length / 4), padded)
}
