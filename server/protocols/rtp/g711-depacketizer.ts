/** G.711 over RTP, RFC 3551 §4.5.14: the payload is the samples. */
import type { AudioUnit } from '../codec/access-unit.ts'
import { g711Config } from '../codec/g711.ts'
import type { Depacketizer } from './depacketizer.ts'
import { Timeline } from './timeline.ts'

export function createG711Depacketizer(
  format: { codec: 'pcma' | 'pcmu'; clockRateHz: number; channels: number },
  onUnit: (unit: AudioUnit) => void,
): Depacketizer {
  const config = g711Config(format.codec, format.clockRateHz, format.channels)
  const timeline = new Timeline(format.clockRateHz)
  let last90k = Number.NEGATIVE_INFINITY
  return {
    push(packet, bytes, _lost, arrival90k) {
      if (packet.payloadStart === packet.payloadEnd) return
      last90k = Math.max(timeline.place(packet.timestamp, arrival90k, 0), last90k + 1)
      onUnit({ kind: 'audio', config, dts90k: last90k, data: bytes.subarray(packet.payloadStart, packet.payloadEnd) })
    },
    restart: () => timeline.restart(),
  }
}
