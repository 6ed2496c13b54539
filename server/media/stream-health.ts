/** Is a running pull worse than it should be? Only what can be told without decoding: lost packets, and a picture that is sent again byte for byte. */
import type { FailureCause } from '../contract/status.ts'
import type { SourceStats } from '../drivers/driver.ts'
import type { VideoUnit } from '../protocols/codec/access-unit.ts'

/** Above this share of packets a picture visibly breaks. */
const LOSS_RATE = 0.01
/** Packets are counted by their usual size. */
const PACKET_BYTES = 1_200
/** Key frames that are equal byte for byte, over at least this time, come from no live sensor: its noise never repeats. */
const FROZEN_MS = 10_000
const FROZEN_KEY_FRAMES = 3
/** What of a key frame is compared: behind the slice header, whose `idr_pic_id` alternates (ITU-T H.264 §7.4.3). */
const COMPARED_TAIL_BYTES = 4_096

export type HealthCheck = { onPicture(unit: VideoUnit, monoMs: number): void; judge(stats: SourceStats, monoMs: number): FailureCause | null }

export function createHealthCheck(): HealthCheck {
  let before: SourceStats | undefined
  let key: { bytes: number; tailHash: number; sinceMs: number; count: number } | undefined

  return {
    onPicture(unit, monoMs) {
      if (!unit.isKey) return
      const tailHash = hashTail(unit.data)
      if (key && key.bytes === unit.data.length && key.tailHash === tailHash) key.count++
      else key = { bytes: unit.data.length, tailHash, sinceMs: monoMs, count: 1 }
    },
    judge(stats, monoMs) {
      const lost = stats.packetsLost - (before?.packetsLost ?? 0)
      const received = (stats.bytesReceived - (before?.bytesReceived ?? 0)) / PACKET_BYTES
      before = { ...stats }
      if (key && key.count >= FROZEN_KEY_FRAMES && monoMs - key.sinceMs >= FROZEN_MS) return 'frozen'
      return lost > 0 && lost / (lost + received) > LOSS_RATE ? 'packet_loss' : null
    },
  }
}

/** FNV-1a over the end of the picture. */
function hashTail(data: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = Math.max(0, data.length - COMPARED_TAIL_BYTES); i < data.length; i++) hash = Math.imul(hash ^ data[i]!, 0x01000193)
  return hash
}
