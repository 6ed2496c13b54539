/** What the gallery page asks of a server, and which camera fails how. */
import type { IncomingMessage } from 'node:http'
import type { FlvServer } from './flv-server.ts'

const hourMs = 3600_000

/** Stills, history, dossier and probe of made-up cameras. */
export function galleryApi(still: Buffer) {
  const json = (body: unknown) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return (request: IncomingMessage) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    const cameraId = path.split('/')[3] ?? ''
    if (!path.startsWith('/api/')) return undefined
    if (path.endsWith('/still')) {
      if (cameraId === 'nostill') return { status: 204, headers: {}, body: '' }
      const ageMs = cameraId === 'offline' ? 327_000 : 12_000
      return { status: 200, headers: { 'content-type': 'video/mp4', 'x-still-at': String(Date.now() - ageMs) }, body: still }
    }
    const now = Date.now()
    if (path.endsWith('/status')) {
      const intervals = [
        { status: 'online', cause: null, fromAt: now - 20 * hourMs, toAt: now - 9 * hourMs },
        { status: 'offline', cause: 'unreachable', fromAt: now - 9 * hourMs, toAt: now - 8.3 * hourMs },
        { status: 'online', cause: null, fromAt: now - 8.3 * hourMs, toAt: now - 2 * hourMs },
        { status: 'degraded', cause: 'packet_loss', fromAt: now - 2 * hourMs, toAt: now - hourMs },
        { status: 'online', cause: null, fromAt: now - hourMs, toAt: null },
      ].map((interval) => ({ ...interval, fromAt: Math.round(interval.fromAt), toAt: interval.toAt === null ? null : Math.round(interval.toAt) }))
      return json({ cameraId, intervals, onlineRate: 0.9709 })
    }
    if (path.endsWith('/dossier')) {
      return json({
        cameraId,
        name: cameraId,
        label: `DEMO-${cameraId}`,
        address: '澄桥路与柳汀街交口东北角（演示）',
        stationId: 'qinglan',
        stationName: '青岚派出所',
        scene: 'troubleSpot',
        link: 'wired',
        driver: 'rtsp',
        accessUrl: 'rtsp://***@127.0.0.1:8554',
        vendor: '演示',
        model: 'DEMO-4MP',
        mountHeightM: 6.5,
        switchName: 'SW-07',
        installedAt: now - 900 * 24 * hourMs,
        lastUpkeepAt: now - 60 * 24 * hourMs,
        originalLonLat: [111.6661, 40.7512],
        originalCrs: 'GCJ-02',
      })
    }
    if (path.endsWith('/probe'))
      return json({ cameraId, status: 'offline', cause: 'unreachable', detail: 'ETIMEDOUT', sinceAt: now - 327_000, evidenceAt: now })
    return json({})
  }
}

/** Each camera of the gallery fails as its name says. */
export function galleryAnswers(server: FlvServer) {
  server.answerFor = (cameraId) => {
    if (cameraId === 'opening' || cameraId === 'nostill') return { type: 'opening', attempt: 1, cause: null, detail: null, retryInMs: 0 }
    if (cameraId === 'offline' || cameraId === 'suspended') return { type: 'opening', attempt: 3, cause: 'unreachable', detail: 'ETIMEDOUT', retryInMs: 20_000 }
    if (cameraId === 'password') return { type: 'opening', attempt: 1, cause: 'refused_login', detail: 'RTSP 401', retryInMs: 900_000 }
    if (cameraId === 'noright') return { type: 'refused', cause: 'no_permission', detail: null }
    if (cameraId === 'limit') return { type: 'refused', cause: 'transcode_limit', detail: null }
    if (cameraId === 'codec')
      return {
        type: 'opened',
        profile: 'sub',
        codec: 'h264',
        sourceCodec: 'h265',
        widthPx: 640,
        heightPx: 360,
        sound: false,
        flvBaseMs: 0,
        instead: 'sub_stream',
        soundMissing: null,
      }
    return undefined
  }
  server.hasStopped = (cameraId, sinceOpenMs) => (cameraId === 'stalled' && sinceOpenMs > 1000) || (cameraId === 'slow' && sinceOpenMs > 8000)
}
