/** The player's decisions, with fake time, sockets and decoders. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CameraId } from '../../../../server/contract/ids.ts'
import type { LiveServerMessage } from '../../../../server/contract/media.ts'
import { createLivePlayer } from '../../../../web/engines/player/live-player.ts'
import type { LivePlayer, LiveState } from '../../../../web/engines/player/live-state.ts'
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts'
import { audioConfig, createFakeDecoders, createFakeSockets, createFakeVideo, fileHeader, join, keyFrame, plainFrame, videoConfig } from './fakes.ts'

let clock: FakeClock
let sockets: ReturnType<typeof createFakeSockets>
let decoders: ReturnType<typeof createFakeDecoders>
let screen: ReturnType<typeof createFakeVideo>
let player: LivePlayer
let state: LiveState
let flvMs = 0

const opened: LiveServerMessage = {
  type: 'opened',
  profile: 'main',
  codec: 'h264',
  sourceCodec: 'h264',
  widthPx: 640,
  heightPx: 360,
  sound: false,
  flvBaseMs: 0,
  instead: null,
  soundMissing: null,
}
const say = (message: LiveServerMessage) => sockets.last().onText(JSON.stringify(message))

function make(codecs: ('h264' | 'h265')[] = ['h264']) {
  player = createLivePlayer(screen.element, {
    cameraId: 'cam' as CameraId,
    profile: 'main',
    openSocket: sockets.open,
    serverNow: clock.now,
    clock,
    random: () => 1,
    openDecoder: decoders.open,
    codecs,
    onState: (next) => (state = next),
  })
}

beforeEach(() => {
  clock = createFakeClock()
  sockets = createFakeSockets()
  decoders = createFakeDecoders()
  screen = createFakeVideo()
  flvMs = 0
  make()
})
afterEach(() => player.close())

/** Everything a picture needs until its first frame is on the screen. */
async function start(config = [videoConfig]) {
  say(opened)
  flvMs = 1000
  sockets.last().onBytes(join(fileHeader, ...config, keyFrame(flvMs)))
  say({ type: 'clock', flvMs, at: clock.now(), kbps: 500, fps: 25 })
  await clock.advanceAsync(1)
  screen.buffer(0, 0.5)
  screen.show(0)
}

/** A picture that goes on for a while, 10 frames a second. */
async function run(durationMs: number) {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
    await clock.advanceAsync(100)
    flvMs += 100
    sockets.last().onBytes(join(plainFrame(flvMs)))
    if (passedMs % 1000 === 0) say({ type: 'clock', flvMs, at: clock.now(), kbps: 500, fps: 25 })
    screen.buffer(0, flvMs / 1000 - 0.5)
    screen.show((flvMs - 1000) / 1000)
  }
}

describe('R-LIVE-1 a live picture', () => {
  test('asks for what it can decode and is live with its first frame', async () => {
    expect(sockets.last().path).toBe('/media/live/cam?profile=main&codecs=h264&sound=0')
    expect(state.phase).toBe('opening')
    await start()
    expect(state).toMatchObject({ phase: 'live', cause: null, fault: null, attempt: 0 })
    expect(decoders.last().pushed).toHaveLength(2) // prelude, then the key frame
  })

  test('turns amber at 3 s and grey at 10 s while the camera is silent, and the server is not blamed', async () => {
    await start()
    for (const [untilMs, phase] of [
      [2400, 'live'],
      [3600, 'slow'],
      [9400, 'slow'],
      [10_700, 'stalled'],
    ] as const) {
      while (clock.monotonicMs() < 1000 + untilMs) {
        await clock.advanceAsync(100)
        say({ type: 'clock', flvMs, at: clock.now(), kbps: 0, fps: 0 })
      }
      expect([untilMs, state.phase, state.fault]).toEqual([untilMs, phase, null])
    }
    expect(sockets.all).toHaveLength(1)
  })

  test('says what the server says while the camera does not answer', () => {
    say({ type: 'opening', attempt: 3, cause: 'unreachable', detail: 'ETIMEDOUT', retryInMs: 4000 })
    expect(state).toMatchObject({ phase: 'opening', cause: 'unreachable', detail: 'ETIMEDOUT', attempt: 3, retryInMs: 4000 })
    player.retryNow()
    expect(sockets.last().sent).toEqual(['{"type":"retryNow"}'])
  })

  test('the old picture goes on until the other profile has its key frame', async () => {
    await start()
    player.setProfile('sub')
    expect(sockets.all).toHaveLength(2)
    expect([sockets.all[0]?.isClosed, state.isSwitching]).toEqual([false, true])
    say({ ...opened, profile: 'sub' })
    expect(decoders.all).toHaveLength(1)
    sockets.last().onBytes(join(fileHeader, videoConfig, keyFrame(9000)))
    await clock.advanceAsync(1)
    expect([sockets.all[0]?.isClosed, decoders.all[0]?.isClosed, decoders.all.length, state.profile, state.isSwitching]).toEqual([true, true, 2, 'sub', false])
  })

  test('a refused switch leaves the old picture and says so', async () => {
    await start()
    player.setProfile('sub')
    say({ type: 'refused', cause: 'transcode_limit', detail: null })
    expect(state).toMatchObject({ phase: 'live', profile: 'main', switchRefused: 'transcode_limit', isSwitching: false })
  })

  test('a sound track that appears later gets its decoder at the next key frame', async () => {
    player.setSound(true)
    expect(sockets.last().path).toContain('sound=1')
    await start()
    sockets.last().onBytes(join(audioConfig, plainFrame(1040)))
    sockets.last().onBytes(join(keyFrame(1080)))
    await clock.advanceAsync(1)
    expect(decoders.all.map(({ hasAudio }) => hasAudio)).toEqual([false, true])
    expect(screen.video.muted).toBe(false)
  })
})

describe('R-LIVE-3 it heals by itself', () => {
  test('a lost socket is opened again without end, with growing pauses', async () => {
    const pauses: number[] = []
    for (let turn = 0; turn < 12; turn++) {
      sockets.last().onClose(1006, '')
      const before = sockets.all.length
      const pausedAtMs = clock.monotonicMs()
      while (sockets.all.length === before) await clock.advanceAsync(100)
      pauses.push(clock.monotonicMs() - pausedAtMs)
    }
    expect(pauses).toEqual([500, 1000, 2000, ...Array<number>(7).fill(3000), 30_000, 30_000])
    expect(state).toMatchObject({ fault: 'server_lost', attempt: 12 })
  })

  test('a minute of good picture makes the pauses short again', async () => {
    for (let turn = 0; turn < 4; turn++) {
      sockets.last().onClose(1006, '')
      await clock.advanceAsync(3_000)
    }
    await start()
    await run(62_000)
    sockets.last().onClose(1012, '')
    expect(state).toMatchObject({ fault: 'server_restarts', attempt: 1 })
    expect(state.retryInMs).toBe(500)
  })

  test.each([
    { name: 'the data is corrupt', fault: 'data_corrupt', break: () => sockets.last().onBytes(join(new Uint8Array(40).fill(9))) },
    { name: 'the decoder fails', fault: 'decoder_failed', break: () => decoders.last().fail() },
    { name: 'a message makes no sense', fault: 'data_corrupt', break: () => sockets.last().onText('{"type":"opened"}') },
  ])('begins anew when $name, with the last picture on the screen', async ({ fault, break: breakIt }) => {
    await start()
    breakIt()
    expect(state).toMatchObject({ fault, phase: 'live' })
    expect([sockets.all[0]?.isClosed, decoders.all[0]?.isClosed]).toEqual([true, false])
    await clock.advanceAsync(501)
    await start()
    expect(state).toMatchObject({ phase: 'live' })
    await run(600)
    expect(state.fault).toBeNull()
  })

  test('begins anew when the server falls silent', async () => {
    await start()
    await clock.advanceAsync(16_600)
    expect(state.fault).toBe('server_silent')
    await clock.advanceAsync(600)
    expect(sockets.all).toHaveLength(2)
  })

  test('begins anew when the picture stands although data comes, after helping it first', async () => {
    await start()
    await run(1000)
    const playsBefore = screen.video.plays
    screen.video.paused = true
    for (let passedMs = 0; passedMs < 6000 && sockets.all.length === 1; passedMs += 100) {
      await clock.advanceAsync(100)
      flvMs += 100
      sockets.last().onBytes(join(plainFrame(flvMs)))
    }
    expect(screen.video.plays).toBeGreaterThan(playsBefore)
    expect(state.fault).toBe('decoder_stuck')
  })

  test('`restart` gives the decoder up and begins with the new header, on the same socket', async () => {
    await start()
    say({ type: 'restart' })
    sockets.last().onBytes(join(fileHeader, videoConfig, keyFrame(77_000)))
    await clock.advanceAsync(1)
    expect([sockets.all.length, decoders.all.length, decoders.all[0]?.isClosed]).toEqual([1, 2, true])
  })

  test('H.265 that the browser promised and cannot play is not asked for again', async () => {
    await player.close()
    make(['h264', 'h265'])
    say({ ...opened, codec: 'h265' } as LiveServerMessage)
    sockets.last().onBytes(join(fileHeader, videoConfig, keyFrame(1000)))
    await clock.advanceAsync(1)
    decoders.last().fail({ isUnsupported: true })
    await clock.advanceAsync(501)
    expect(sockets.last().path).toContain('codecs=h264&')
  })

  test('a refusal is asked again after a long pause; a main stream nobody can decode becomes the sub stream', async () => {
    say({ type: 'refused', cause: 'codec_not_supported', detail: null })
    expect(sockets.last().path).toContain('profile=sub')
    say({ type: 'refused', cause: 'viewer_limit', detail: null })
    expect(state).toMatchObject({ phase: 'refused', cause: 'viewer_limit', retryInMs: 60_000 })
    await clock.advanceAsync(60_001)
    expect(sockets.all).toHaveLength(3)
  })

  test('without a login it ends; without the right it says so', async () => {
    sockets.last().onClose(4003, '')
    expect(state).toMatchObject({ phase: 'refused', cause: 'no_permission' })
    player.retryNow()
    sockets.last().onClose(4010, '')
    expect(state).toMatchObject({ phase: 'closed', fault: 'signed_out' })
    await clock.advanceAsync(120_000)
    expect(sockets.all).toHaveLength(2)
  })
})

describe('R-WALL-3 nothing is left behind', () => {
  test('after close no timer, no socket, no decoder', async () => {
    await start()
    player.setProfile('sub')
    await player.close()
    await player.close()
    expect(clock.pendingTimers()).toBe(0)
    expect(sockets.all.every(({ isClosed }) => isClosed)).toBe(true)
    expect(decoders.all.every(({ isClosed }) => isClosed)).toBe(true)
  })

  test('a decoder that was still being made when the player closed is closed too', async () => {
    say(opened)
    sockets.last().onBytes(join(fileHeader, videoConfig, keyFrame(1000)))
    await player.close()
    expect(decoders.all.every(({ isClosed }) => isClosed)).toBe(true)
  })
})

describe('R-WALL-2 a picture for later', () => {
  function makeResting() {
    void player.close()
    player = createLivePlayer(screen.element, {
      cameraId: 'cam' as CameraId,
      profile: 'sub',
      isResting: true,
      openSocket: sockets.open,
      serverNow: clock.now,
      clock,
      random: () => 1,
      openDecoder: decoders.open,
      codecs: ['h264'],
      onState: (next) => (state = next),
    })
  }

  test('stands with its first frame, is not taken for stuck, and goes on at the live edge when it is wanted', async () => {
    makeResting()
    const opens = sockets.all.length
    await start()
    expect(screen.video.paused).toBe(true)
    expect(state.phase).toBe('live')
    // twenty seconds of data, of which it shows nothing
    for (let passedMs = 0; passedMs < 20_000; passedMs += 500) {
      await clock.advanceAsync(500)
      flvMs += 500
      sockets.last().onBytes(join(keyFrame(flvMs)))
      say({ type: 'clock', flvMs, at: clock.now(), kbps: 500, fps: 25 })
      screen.buffer(0, (flvMs - 1000) / 1000 + 0.5)
    }
    expect(screen.video.paused).toBe(true)
    expect(sockets.all).toHaveLength(opens)
    player.setResting(false)
    expect(screen.video.paused).toBe(false)
    expect(screen.video.currentTime).toBeGreaterThan(19)
    screen.show(screen.video.currentTime)
    await clock.advanceAsync(500)
    expect(state.phase).toBe('live')
  })

  test('one that is shown can be put to rest', async () => {
    await start()
    await run(1_000)
    player.setResting(true)
    expect(screen.video.paused).toBe(true)
  })
})
