/** Cameras reached over RTSP (R-RTSP). */
import { RtpReceiver } from '../../protocols/rtp/receiver.ts'
import { RtspClient, type RtspQuirks } from '../../protocols/rtsp/client.ts'
import { RtspFailure } from '../../protocols/rtsp/failure.ts'
import type { CameraDriver, SourceStats } from '../driver.ts'
import { playTracks } from './tracks.ts'

/** A stream of which no picture can be shown for so long is as good as silent; smart codecs have key frames up to 20 s apart. */
const MAX_WITHOUT_PICTURE_MS = 30_000
/** Output times begin here, so that the decoding times of reordered pictures stay above 0. */
const FIRST_TIME_90K = 90_000

/** A driver remembers the quirks of the devices it has met, by address. */
export function createRtspDriver(): CameraDriver {
  const quirks: RtspQuirks = { avoidGetParameter: new Set() }
  return {
    open(address, handler, { clock, wantsSound }) {
      const stats: SourceStats = { bytesReceived: 0, packetsLost: 0, unitsDropped: 0, protocolErrors: 0 }
      const openedMs = clock.monotonicMs()
      let nowMs = openedMs
      let lastPictureMs = openedMs
      let receivers: RtpReceiver[] = []
      let isClosed = false

      const client = new RtspClient({
        url: address.url,
        credentials: { username: address.username, password: address.password },
        transport: address.transport,
        clock,
        quirks,
        chooseTracks(sdp) {
          const played = playTracks(sdp, { wantsSound, counters: stats }, (unit) => {
            if (isClosed) return
            if (unit.kind === 'video') lastPictureMs = nowMs
            handler.onUnit(unit)
          })
          receivers = played.map(({ depacketizer }) => new RtpReceiver(depacketizer, stats))
          return played.map(({ track }) => track)
        },
        onRtp(index, bytes, start, end, atMs) {
          if (isClosed) return
          nowMs = atMs
          receivers[index]?.receive(bytes, start, end, FIRST_TIME_90K + Math.round((atMs - openedMs) * 90))
        },
        onBytes: (count) => (stats.bytesReceived += count),
        onResync: () => (stats.protocolErrors += 1),
        reportOf: (index) => receivers[index]?.report(),
        check(atMs) {
          if (atMs - lastPictureMs < MAX_WITHOUT_PICTURE_MS) return undefined
          return new RtspFailure('silent', `no whole picture in ${MAX_WITHOUT_PICTURE_MS / 1000} s`)
        },
        onEnded(failure) {
          if (!isClosed) handler.onFailed(failure)
        },
      })
      return {
        close() {
          isClosed = true
          return client.close()
        },
        stats: () => ({ ...stats }),
        setUnhurried: (isUnhurried) => client.setUnhurried(isUnhurried),
      }
    },
  }
}

/** The one driver of the media process. */
export const rtspDriver: CameraDriver = createRtspDriver()
