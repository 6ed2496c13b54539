/** The whole way of a picture with nothing faked: made-up cameras over real RTSP, our driver, the hub, a browser's socket; ffprobe judges what arrives. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { FailureCause } from '../../server/contract/status.ts'
import { createSimulator, type SimulatedCamera, type Simulator } from '../../server/demo/simulator.ts'
import { createRtspDriver } from '../../server/drivers/rtsp/index.ts'
import type { CameraAccess } from '../../server/media/plane.ts'
import type { VideoConfig } from '../../server/protocols/codec/access-unit.ts'
import { toAnnexB } from '../../server/protocols/codec/nal.ts'
import { FlvDemuxer, type FlvItem } from '../../server/protocols/flv/demuxer.ts'
import { ffmpegPath, hasFfprobe, probeFile } from './clips.ts'
import { createMediaSetup, type MediaSetup } from './media-setup.ts'
import { cameraId, until } from './support.ts'
import type { WebSocketClient } from './web-socket-client.ts'

/** A key frame every second, or the next one of the camera is up to 4 s away. */
const plain = {
  clip: 'road-dusk',
  mainCodec: 'h264',
  sound: 'none',
  username: 'admin',
  password: 'demo:cam',
  hasParameterSetsInSdp: true,
  switchName: null,
} as const satisfies Omit<SimulatedCamera, 'cameraId'>

type Camera = Partial<SimulatedCamera> & { cameraId: string; hasSub?: boolean }
type Chain = MediaSetup & { simulator: Simulator }

async function createChain(cameras: Camera[], options: { lingerMs?: number; withFfmpeg?: boolean } = {}): Promise<Chain> {
  const simulator = await createSimulator({ cameras: cameras.map(({ hasSub: _hasSub, ...camera }) => ({ ...plain, ...camera })) })
  onTestFinished(() => simulator.close())
  const accesses = simulator.cameras.map(({ cameraId: id, mainUrl, subUrl, username, password }, i): CameraAccess => {
    const address = { driver: 'rtsp' as const, username, password, transport: 'auto' as const }
    const hasSub = cameras[i]!.hasSub ?? true
    return { cameraId: cameraId(id), main: { ...address, url: mainUrl }, sub: hasSub ? { ...address, url: subUrl } : undefined }
  })
  const setup = await createMediaSetup(accesses, {
    driver: createRtspDriver(),
    ...(options.withFfmpeg ? { ffmpegPath } : {}),
    change: ({ hub }) => (hub.stream.lingerMs = options.lingerMs ?? 0),
  })
  return { ...setup, simulator }
}

const videoFrames = (viewer: WebSocketClient, run?: number) => itemsOf(viewer.flv(run)).filter(({ kind }) => kind === 'video').length
const itemsOf = (flv: Buffer): FlvItem[] => new FlvDemuxer().push(flv)

/** The camera falls silent, so that what it has sent can be compared with what has come. */
async function stopAndCount({ simulator }: Chain, id: string, profile: 'main' | 'sub', viewer: WebSocketClient): Promise<number> {
  simulator.setFault([id], 'silent')
  await until(() => videoFrames(viewer) >= simulator.stats(id).framesSent[profile], `all pictures of ${id}`)
  return simulator.stats(id).framesSent[profile]
}

function probeFlv({ folder }: Chain, viewer: WebSocketClient, run?: number) {
  const path = join(folder, `judged-${Math.random()}.flv`)
  writeFileSync(path, viewer.flv(run))
  return probeFile(path)
}

/** ffprobe 5.1 reads no H.265 in FLV: the same pictures as a bare stream, the parameter sets of `config` in front. */
function probeHevc({ folder }: Chain, viewer: WebSocketClient, { record }: VideoConfig) {
  const parts: Uint8Array[] = hevcSets(record)
  for (const item of itemsOf(viewer.flv())) if (item.kind === 'video') parts.push(toAnnexB(item.data))
  const path = join(folder, 'judged.h265')
  writeFileSync(path, Buffer.concat(parts))
  return probeFile(path)
}

/** The NAL units of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1), each after a start code. */
function hevcSets(record: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(record)
  const sets: Uint8Array[] = []
  let at = 23
  for (let arrays = bytes[22]!; arrays > 0; arrays--) {
    let count = bytes.readUInt16BE(at + 1)
    at += 3
    for (; count > 0; count--) {
      const length = bytes.readUInt16BE(at)
      sets.push(Uint8Array.of(0, 0, 0, 1), bytes.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  return sets
}

const hasFailed = (viewer: WebSocketClient, cause: FailureCause) => viewer.of('opening').some((message) => message.cause === cause)

describe.skipIf(!hasFfprobe)('R-LIVE a picture from the camera to the browser, judged by ffprobe', () => {
  test.each<{ name: string; camera: Partial<SimulatedCamera>; profile: 'main' | 'sub'; widthPx: number }>([
    { name: 'H.264 main stream', camera: {}, profile: 'main', widthPx: 1280 },
    { name: 'H.264 sub stream', camera: {}, profile: 'sub', widthPx: 640 },
    { name: 'reordered pictures', camera: { clip: 'road-day' }, profile: 'main', widthPx: 1280 },
    { name: '2560 px wide', camera: { clip: 'crossing-dusk' }, profile: 'main', widthPx: 2560 },
    { name: 'SHA-256 digest only', camera: { digest: 'sha256' }, profile: 'sub', widthPx: 640 },
    { name: 'UDP only', camera: { transports: ['udp'] }, profile: 'sub', widthPx: 640 },
    { name: 'no parameter sets in the SDP', camera: { hasParameterSetsInSdp: false }, profile: 'sub', widthPx: 640 },
    { name: 'a password with every odd character', camera: { password: 'a:b@c/d?e#f%20"摄像 &=+' }, profile: 'sub', widthPx: 640 },
    { name: 'no login at all', camera: { username: '', password: '' }, profile: 'sub', widthPx: 640 },
  ])('$name: as many pictures as the camera sent, and all decode', async ({ camera, profile, widthPx }) => {
    const chain = await createChain([{ cameraId: 'a', ...camera }])
    const viewer = await chain.watch({ profile })
    await until(() => viewer.binaryFrames > 15, 'pictures')
    const sent = await stopAndCount(chain, 'a', profile, viewer)
    expect(viewer.of('opened')).toMatchObject([{ profile, codec: 'h264', widthPx, instead: null }])
    expect(probeFlv(chain, viewer)).toEqual({ streams: [{ codec: 'h264', frames: sent, widthPx }], complaints: '' })
    expect(chain.simulator.stats('a').playsTotal[profile]).toBe(1)
  })

  test('R-LIVE-2 a crowd of one camera is one pull; the last to leave ends it', async () => {
    const chain = await createChain([{ cameraId: 'a' }])
    const viewers = await Promise.all(Array.from({ length: 12 }, () => chain.watch()))
    await until(() => viewers.every(({ binaryFrames }) => binaryFrames > 10), 'pictures')
    expect(chain.simulator.stats('a')).toMatchObject({ sessionsOpen: 1, opensTotal: 1 })
    viewers.forEach((viewer) => viewer.close())
    await until(() => chain.simulator.stats('a').connectionsOpen === 0 && chain.app.stats().sources === 0, 'no connection, at either end')
  })

  test('H.265 passes through to a browser that decodes it', async () => {
    const chain = await createChain([{ cameraId: 'a', clip: 'gate-day', mainCodec: 'h265' }])
    const viewer = await chain.watch({ codecs: ['h264', 'h265'] })
    await until(() => viewer.binaryFrames > 15, 'pictures')
    const { format } = chain.app.hub.getStream(cameraId('a'), 'main').feed
    const sent = await stopAndCount(chain, 'a', 'main', viewer)
    expect(viewer.of('opened')).toMatchObject([{ profile: 'main', codec: 'h265', sourceCodec: 'h265', widthPx: 1280, instead: null }])
    expect(probeHevc(chain, viewer, format!.video)).toEqual({ streams: [{ codec: 'hevc', frames: sent, widthPx: 1280 }], complaints: '' })
  })

  test('H.265 is replaced by the H.264 sub stream for one that does not', async () => {
    const chain = await createChain([{ cameraId: 'a', clip: 'gate-day', mainCodec: 'h265' }])
    const viewer = await chain.watch({ codecs: ['h264'] })
    await until(() => viewer.binaryFrames > 10, 'pictures')
    expect(viewer.of('opened').at(-1)).toMatchObject({ profile: 'sub', codec: 'h264', widthPx: 640, instead: 'sub_stream' })
    expect((await chain.plane.stats()).transcodes).toBe(0)
    await until(() => chain.simulator.stats('a').sessionsOpen === 1, 'only the sub stream')
    const sent = await stopAndCount(chain, 'a', 'sub', viewer)
    expect(probeFlv(chain, viewer)).toEqual({ streams: [{ codec: 'h264', frames: sent, widthPx: 640 }], complaints: '' })
  })

  test.skipIf(!ffmpegPath)('H.265 without a sub stream is transcoded once for all', async () => {
    const chain = await createChain([{ cameraId: 'a', clip: 'gate-day', mainCodec: 'h265', hasSub: false }], { withFfmpeg: true })
    const viewers = await Promise.all([chain.watch(), chain.watch()])
    await until(() => viewers.every((viewer) => viewer.of('opened').length > 0 && viewer.runs.at(-1)!.length > 40), 'pictures', 40_000)
    expect(viewers[0]!.of('opened').at(-1)).toMatchObject({ codec: 'h264', sourceCodec: 'h265', instead: 'transcode' })
    expect(await chain.plane.stats()).toMatchObject({ transcodes: 1, sources: 1 })
    const { streams, complaints } = probeFlv(chain, viewers[0]!)
    expect(complaints).toBe('')
    expect(streams).toMatchObject([{ codec: 'h264' }])
    expect(streams[0]!.frames).toBe(videoFrames(viewers[0]!))
  })

  test('AAC comes with the pictures, in step', async () => {
    const chain = await createChain([{ cameraId: 'a', sound: 'aac' }])
    const viewer = await chain.watch({ profile: 'sub', sound: true })
    await until(() => viewer.runs.at(-1)!.length > 120, 'pictures and sound')
    expect(viewer.of('opened').at(-1)).toMatchObject({ sound: true, soundMissing: null })
    expectInStep(chain, viewer)
  })

  test.skipIf(!ffmpegPath)('G.711A comes as AAC, in step with the pictures', async () => {
    const chain = await createChain([{ cameraId: 'a', sound: 'pcma' }], { withFfmpeg: true })
    const viewer = await chain.watch({ profile: 'sub', sound: true })
    await until(() => viewer.of('opened').at(-1)?.sound === true && viewer.runs.at(-1)!.length > 120, 'pictures and sound', 30_000)
    expect((await chain.plane.stats()).transcodes).toBe(1)
    expectInStep(chain, viewer)
  })

  function expectInStep(chain: Chain, viewer: WebSocketClient) {
    const items = itemsOf(viewer.flv())
    const times = (kind: 'audio' | 'video') => items.flatMap((item) => (item.kind === kind ? [item.timestampMs] : []))
    const { streams, complaints } = probeFlv(chain, viewer)
    expect(complaints).toBe('')
    expect(new Set(streams.map(({ codec }) => codec))).toEqual(new Set(['h264', 'aac']))
    expect(streams.find(({ codec }) => codec === 'h264')!.frames).toBe(times('video').length)
    expect(streams.find(({ codec }) => codec === 'aac')!.frames).toBe(times('audio').length)
    expect(Math.abs(times('audio')[0]! - times('video')[0]!)).toBeLessThan(1_000)
    expect(Math.abs(times('audio').at(-1)! - times('video').at(-1)!)).toBeLessThan(1_000)
  }
})

describe('N6 faults of a camera, by cause, and recovery without help', () => {
  const playing = async (chain: Chain, id = 'a') => {
    const viewer = await chain.watch({ cameraId: cameraId(id), profile: 'sub' })
    await until(() => viewer.binaryFrames > 5, `pictures of ${id}`)
    return viewer
  }
  const goesOn = (viewer: WebSocketClient, runs = viewer.runs.length) =>
    until(() => viewer.runs.length > runs && viewer.runs.at(-1)!.length > 5, 'pictures again', 40_000)

  test('off and on again: unreachable, then pictures, and others never notice', async () => {
    const chain = await createChain([{ cameraId: 'a' }, { cameraId: 'b' }])
    const [viewer, other] = await Promise.all([playing(chain, 'a'), playing(chain, 'b')])
    chain.simulator.setFault(['a'], 'off')
    await until(() => hasFailed(viewer, 'unreachable'), 'the cause')
    expect(await chain.plane.probe(cameraId('a'))).toMatchObject({ ok: false, cause: 'unreachable' })
    const runs = viewer.runs.length
    chain.simulator.setFault(['a'], 'none')
    await goesOn(viewer, runs)
    expect(other.runs).toHaveLength(1)
    expect(chain.simulator.stats('b').opensTotal).toBe(1)
  })

  test('a refused password: one try, whoever watches or probes; a person may ask sooner', { timeout: 30_000 }, async () => {
    const chain = await createChain([{ cameraId: 'a' }])
    chain.simulator.setFault(['a'], 'refuse_password')
    const viewer = await chain.watch({ profile: 'sub' })
    await until(() => hasFailed(viewer, 'refused_login'), 'the cause')
    const failedAtMs = performance.now()
    expect(viewer.of('opening').at(-1)!.retryInMs).toBeGreaterThan(14 * 60_000)
    const second = await chain.watch({ profile: 'sub' })
    await until(() => second.of('opening').length > 0, 'its word')
    expect(await chain.plane.probe(cameraId('a'))).toMatchObject({ ok: false, cause: 'refused_login' })
    expect(chain.simulator.stats('a').opensTotal).toBe(1)
    chain.simulator.setFault(['a'], 'none')
    await until(() => performance.now() - failedAtMs > 5_500, 'the failure to be more than seconds old')
    expect(await chain.plane.probe(cameraId('a'))).toMatchObject({ ok: false, cause: 'refused_login' })
    expect(chain.simulator.stats('a').opensTotal).toBe(1)
    expect(await chain.plane.probe(cameraId('a'), { isForced: true })).toMatchObject({ ok: true })
    expect(chain.simulator.stats('a').opensTotal).toBe(2)
    await until(() => viewer.binaryFrames > 0 && second.binaryFrames > 0, 'pictures for those who waited')
  })

  test('N5 half-open, silent and mute cameras: ended within 15 s of the last packet, nothing left open, back by themselves', { timeout: 90_000 }, async () => {
    const openFiles = () => readdirSync('/proc/self/fd').length
    const cut = Array.from({ length: 50 }, (_, i) => ({ cameraId: `cut${i}` }))
    const chain = await createChain([...cut, { cameraId: 'silent' }, { cameraId: 'mute' }])
    const filesBefore = openFiles()
    const ids = cut.map(({ cameraId: id }) => id)
    const viewers = await Promise.all(ids.map((id) => playing(chain, id)))
    chain.simulator.setFault(ids, 'half_open')
    chain.simulator.setFault(['silent'], 'silent')
    chain.simulator.setFault(['mute'], 'silent_accept')
    const fromMs = performance.now()
    const [silent, mute] = await Promise.all(['silent', 'mute'].map((id) => chain.watch({ cameraId: cameraId(id), profile: 'sub' })))
    await until(() => viewers.every((viewer) => hasFailed(viewer, 'silent')), 'the cause, for all 50', 16_000)
    expect(performance.now() - fromMs).toBeLessThan(15_000)
    await until(() => hasFailed(silent!, 'silent') && hasFailed(mute!, 'silent'), 'the cause of the others', 16_000)
    chain.simulator.setFault([...ids, 'silent', 'mute'], 'none')
    await Promise.all(viewers.slice(0, 5).map((viewer) => goesOn(viewer, 1)))
    await until(() => silent!.binaryFrames > 0 && mute!.binaryFrames > 0, 'pictures of the silent ones', 40_000)
    for (const viewer of [...viewers, silent!, mute!]) viewer.close()
    await until(() => chain.app.stats().viewers === 0 && chain.app.stats().sources === 0, 'nobody', 15_000)
    await until(() => chain.simulator.totals().connectionsOpen === 0 && openFiles() <= filesBefore, `${filesBefore} open files, not ${openFiles()}`, 15_000)
  })

  test('one that stands still, one that loses packets and one that flaps are told from a good one', { timeout: 90_000 }, async () => {
    const ids = ['still', 'lossy', 'flapping', 'good']
    const chain = await createChain(ids.map((id) => ({ cameraId: id, clip: 'market-dusk' as const })))
    const [still, lossy, flapping, good] = await Promise.all(ids.map((id) => playing(chain, id)))
    chain.simulator.setFault(['still'], 'freeze')
    chain.simulator.setFault(['lossy'], 'drop_packets')
    chain.simulator.setFault(['flapping'], 'flap')
    const judged = (id: string) => chain.events.flatMap((event) => (event.type === 'streamAlive' && event.cameraId === id ? [event.isDegraded] : []))
    await until(() => judged('still').includes('frozen') && judged('lossy').includes('packet_loss'), 'both judgements', 45_000)
    expect(new Set(judged('good'))).toEqual(new Set([null]))
    expect([still, lossy, good].every((viewer) => !viewer!.isEnded && viewer!.runs.length === 1)).toBe(true)
    if (hasFfprobe) expect(probeFlv(chain, lossy!).complaints).toBe('')
    // away for 5 s, back for 5 s, again and again: followed by itself, and never hammered
    await goesOn(flapping!, 1)
    expect(hasFailed(flapping!, 'unreachable')).toBe(true)
    expect(chain.simulator.stats('flapping').peakOpensPerS).toBeLessThanOrEqual(3)
  })

  test('another resolution in mid stream: the decoder starts anew, and both runs decode', async () => {
    const chain = await createChain([{ cameraId: 'a' }])
    const viewer = await playing(chain)
    chain.simulator.setFault(['a'], 'change_resolution')
    await goesOn(viewer, 1)
    const [before, after] = viewer.of('opened')
    expect(after!.widthPx).not.toBe(before!.widthPx)
    expect(chain.simulator.stats('a').opensTotal).toBe(1)
    if (!hasFfprobe) return
    for (const [run, opened] of [before!, after!].entries()) {
      const { streams, complaints } = probeFlv(chain, viewer, run)
      expect(complaints).toBe('')
      expect(streams).toMatchObject([{ codec: 'h264', widthPx: opened.widthPx, frames: videoFrames(viewer, run) }])
    }
  })

  test.each([
    { fault: 'close_after_play', cause: 'unreachable' },
    { fault: 'stream_limit', cause: 'stream_limit' },
  ] as const)('$fault is $cause, tried with growing pauses, then mended', async ({ fault, cause }) => {
    const chain = await createChain([{ cameraId: 'a' }])
    chain.simulator.setFault(['a'], fault)
    const viewer = await chain.watch({ profile: 'sub' })
    await until(() => viewer.of('opening').some(({ attempt }) => attempt >= 4), 'three failures', 30_000)
    expect(hasFailed(viewer, cause)).toBe(true)
    expect(viewer.binaryFrames).toBe(0)
    expect(chain.simulator.stats('a').opensTotal).toBeLessThanOrEqual(viewer.of('opening').at(-1)!.attempt)
    chain.simulator.setFault(['a'], 'none')
    await until(() => viewer.binaryFrames > 5, 'pictures', 40_000)
  })
})
