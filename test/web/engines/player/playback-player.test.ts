import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CameraId } from '../../../../server/contract/ids.ts'
import type { PlaybackClientMessage, PlaybackServerMessage } from '../../../../server/contract/recordings.ts'
import { createPlaybackGroup } from '../../../../web/engines/player/playback-group.ts'
import { createPlaybackPlayer } from '../../../../web/engines/player/playback-player.ts'
import type { PlaybackPlayer, PlaybackState } from '../../../../web/engines/player/playback-state.ts'
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts'
import {
  audioConfig,
  audioFrame,
  createFakeDecoders,
  createFakeSockets,
  createFakeVideo,
  fileHeader,
  join,
  keyFrame,
  plainFrame,
  videoConfig,
} from './fakes.ts'

const at = 1_790_000_000_000
let clock: FakeClock
let sockets: ReturnType<typeof createFakeSockets>
let open: PlaybackPlayer[]

beforeEach(() => {
  clock = createFakeClock()
  sockets = createFakeSockets()
  open = []
})
afterEach(async () => {
  const closing = open.map((player) => player.close())
  await clock.advanceAsync(10)
  await Promise.all(closing)
})

function openPlayer(cameraId = 'cam1') {
  const fake = createFakeVideo()
  const decoders = createFakeDecoders()
  const states: PlaybackState[] = []
  const player = createPlaybackPlayer(fake.element, {
    cameraId: cameraId as CameraId,
    openSocket: sockets.open,
    onState: (state) => states.push(state),
    clock,
    random: () => 0.5,
    openDecoder: decoders.open,
    codecs: ['h264'],
  })
  open.push(player)
  return { player, fake, decoders, states }
}
type Opened = ReturnType<typeof openPlayer>

const say = (message: PlaybackServerMessage, socket = sockets.last()) => socket.onText(JSON.stringify(message))
const sent = (socket = sockets.last()) => socket.sent.map((text) => JSON.parse(text) as PlaybackClientMessage)
const openedMessage = {
  type: 'opened',
  seekId: 0,
  at,
  flvBaseMs: 0,
  codec: 'h264',
  sourceCodec: 'h264',
  widthPx: 640,
  heightPx: 360,
  instead: null,
  sound: null,
  soundMissing: null,
  isKeyFramesOnly: false,
} as const
function sayOpened(more: Partial<Extract<PlaybackServerMessage, { type: 'opened' }>> = {}, flvMs = 0) {
  const openedAt = more.at ?? at
  say({ ...openedMessage, at: openedAt, flvBaseMs: flvMs, ...more })
  say({ type: 'position', flvMs, at: openedAt })
  sockets.last().onBytes(join(fileHeader, videoConfig, keyFrame(flvMs), plainFrame(flvMs + 40), plainFrame(flvMs + 80)))
}
const pace = (offsetMs = 0, more = {}) => ({ at: at + offsetMs, speed: 1, isPlaying: true, isRunning: true, ...more })

/** Opened at `at`, ten seconds in the buffer. */
async function playing(): Promise<Opened> {
  const opened = openPlayer()
  opened.player.follow(pace())
  sayOpened()
  await clock.advanceAsync(1)
  opened.fake.buffer(0, 10)
  opened.fake.show(0)
  opened.player.follow(pace())
  return opened
}

describe('R-PLAY-1 one recording', () => {
  test('asks for the moment and shows it', async () => {
    const { player, fake, states } = await playing()
    expect(sockets.last().path).toBe(`/media/playback/cam1?at=${at}&codecs=h264&sound=0`)
    expect(states.at(-1)).toMatchObject({ phase: 'playing', hasPicture: true, fault: null })
    expect(fake.video.paused).toBe(false)
    expect(player.shownAt()).toBe(at)
    fake.show(1.25)
    expect(player.shownAt()).toBe(at + 1250)
  })

  test('keeps step by its rate, and by a jump within the buffer', async () => {
    const { player, fake } = await playing()
    fake.video.currentTime = 1
    player.follow(pace(1100))
    expect(fake.video.playbackRate).toBeCloseTo(1.1)
    player.follow(pace(5000))
    expect(fake.video.currentTime).toBeCloseTo(5, 2)
    expect(sockets.all).toHaveLength(1)
    expect(sent().some(({ type }) => type === 'seek')).toBe(false)
  })

  test('paused it stands on the very picture', async () => {
    const { player, fake } = await playing()
    fake.video.currentTime = 2.1
    player.follow(pace(2000, { isPlaying: false, isRunning: false }))
    expect(fake.video.paused).toBe(true)
    expect(fake.video.currentTime).toBeCloseTo(2, 2)
    expect(player.state().phase).toBe('paused')
  })

  test('beyond the buffer it seeks with a rising id, and what comes before the answer is void', async () => {
    const { player, fake, decoders } = await playing()
    player.follow(pace(-60_000))
    expect(sent().filter(({ type }) => type === 'seek')).toEqual([{ type: 'seek', seekId: 1, at: at - 60_000 }])
    const pushed = decoders.last().pushed.length
    sockets.last().onBytes(join(plainFrame(120)))
    say({ type: 'position', flvMs: 120, at: at + 500_000 })
    expect(decoders.last().pushed).toHaveLength(pushed)
    expect(player.state().phase).toBe('opening')
    player.follow(pace(-30_000))
    expect(sent().filter(({ type }) => type === 'seek')).toHaveLength(1) // one at a time
    sayOpened({ seekId: 1, at: at - 60_500 }, 20_000)
    await clock.advanceAsync(1)
    expect(decoders.all).toHaveLength(2)
    expect(decoders.all[0]!.isClosed).toBe(true)
    fake.buffer(0, 40)
    fake.show(0)
    player.follow(pace(-30_000))
    expect(fake.video.currentTime).toBeCloseTo(30.5, 2)
  })

  test('waits for what is on its way, then asks for it', async () => {
    const { player } = await playing()
    player.follow(pace(10_500))
    expect(player.state().phase).toBe('buffering')
    expect(sent().some(({ type }) => type === 'seek')).toBe(false)
    await clock.advanceAsync(3_000)
    player.follow(pace(10_500))
    expect(sent().at(-1)).toEqual({ type: 'seek', seekId: 1, at: at + 10_500 })
  })

  test('tells what it shows once a second and when the speed changes; a clock that only waits keeps its speed', async () => {
    const { player, fake } = await playing()
    const shown = () => sent().filter((message) => message.type === 'shown')
    expect(shown()).toEqual([{ type: 'shown', flvMs: 0, speed: 1 }])
    fake.video.currentTime = 0.5
    await clock.advanceAsync(500)
    player.follow(pace(500))
    expect(shown()).toHaveLength(1)
    player.follow(pace(500, { speed: 4 }))
    expect(shown().at(-1)).toEqual({ type: 'shown', flvMs: 500, speed: 4 })
    player.follow(pace(500, { speed: 4, isRunning: false }))
    expect(shown()).toHaveLength(2)
    player.follow(pace(500, { speed: 4, isRunning: false, isPlaying: false }))
    expect(shown().at(-1)?.speed).toBe(0)
    await clock.advanceAsync(1_000)
    player.follow(pace(500, { speed: 4, isRunning: false, isPlaying: false }))
    expect(shown()).toHaveLength(4)
  })

  test('in a gap it stands and says until when; behind it the picture goes on', async () => {
    const { player, fake } = await playing()
    say({ type: 'gap', flvMs: 5000, fromAt: at + 5000, toAt: at + 60_000 })
    say({ type: 'position', flvMs: 5000, at: at + 60_000 })
    player.follow(pace(30_000))
    expect(player.state()).toMatchObject({ phase: 'gap', gap: { fromAt: at + 5000, toAt: at + 60_000 } })
    expect(fake.video.paused).toBe(true)
    expect(fake.video.currentTime).toBeCloseTo(5, 2)
    player.follow(pace(60_000))
    expect(player.state().phase).toBe('playing')
  })

  test('says how far the moment shown is ahead of the true one, and no longer once it is not', async () => {
    const { player, fake } = await playing()
    say({ type: 'clockOffset', flvMs: 0, clockOffsetMs: 3_720_000 })
    say({ type: 'clockOffset', flvMs: 5000, clockOffsetMs: 0 })
    fake.show(2)
    player.follow(pace(2_000))
    expect(player.state().clockOffsetMs).toBe(3_720_000)
    fake.show(6)
    player.follow(pace(6_000))
    expect(player.state().clockOffsetMs).toBe(0)
  })

  test('asked for a moment in a gap, it begins behind it and says so', async () => {
    const { player, fake } = openPlayer()
    player.follow(pace())
    sayOpened({ at: at + 20_000 })
    await clock.advanceAsync(1)
    fake.buffer(0, 10)
    player.follow(pace())
    expect(player.state()).toMatchObject({ phase: 'gap', gap: { fromAt: at, toAt: at + 20_000 } })
    expect(sent().some(({ type }) => type === 'seek')).toBe(false)
  })

  test('at the newest it waits for more; nothing at all is said as that', async () => {
    const { player } = await playing()
    say({ type: 'end', at: at + 10_000 })
    player.follow(pace(10_200))
    expect(player.state()).toMatchObject({ phase: 'end', newestAt: at + 10_000 })
    const none = openPlayer('cam2')
    none.player.follow(pace())
    say({ type: 'end', at: null })
    none.player.follow(pace())
    expect(none.player.state()).toMatchObject({ phase: 'end', newestAt: null })
    await clock.advanceAsync(60_000)
    none.player.follow(pace())
    expect(none.player.state().phase).toBe('end')
    expect(sockets.all).toHaveLength(2)
  })

  test('another speed begins a new stream by itself; a little behind the clock it is asked for exactly', async () => {
    const { player, fake } = await playing()
    sayOpened({ at: at + 400, isKeyFramesOnly: true }, 9_000)
    await clock.advanceAsync(1)
    fake.buffer(0, 30)
    player.follow(pace(200, { speed: 16 }))
    expect(player.state().phase).toBe('opening')
    expect(sent().at(-1)).toEqual({ type: 'seek', seekId: 1, at: at + 200 })
  })

  test('steps from picture to picture', async () => {
    const { player, fake } = await playing()
    fake.show(0.04)
    expect([player.frameBeside(1), player.frameBeside(-1)]).toEqual([at + 80, at])
    fake.show(0)
    expect(player.frameBeside(-1)).toBe(at - 40) // before the buffer: reckoned, and asked of the server
  })
})

describe('R-PLAY-1 it heals by itself', () => {
  test('a lost line is opened again at the moment wanted, with growing pauses, without end', async () => {
    const { player } = await playing()
    sockets.last().onClose(1006, '')
    expect(player.state()).toMatchObject({ phase: 'lost', fault: 'server_lost' })
    const pauses: number[] = []
    for (let turn = 0; turn < 8; turn++) {
      const before = sockets.all.length
      const sinceMs = clock.monotonicMs()
      while (sockets.all.length === before) {
        await clock.advanceAsync(100)
        player.follow(pace(7_000))
      }
      pauses.push(clock.monotonicMs() - sinceMs)
      sockets.last().onClose(1006, '')
    }
    expect(pauses[0]).toBeLessThan(500)
    expect(pauses.at(-1)).toBeGreaterThan(10_000)
    expect(Math.max(...pauses)).toBeLessThan(31_000)
    expect(sockets.last().path).toContain(`at=${at + 7_000}`)
  })

  test.each([
    { name: 'codec', message: { type: 'refused', cause: 'codec_not_supported', detail: 'h265' } as const, refusal: 'codec_not_supported' },
    { name: 'disk', message: { type: 'refused', cause: 'disk_missing', detail: null } as const, refusal: 'disk_missing' },
  ])('refused ($name): says why, asks again after half a minute or at once when told to', async ({ message, refusal }) => {
    const { player } = openPlayer()
    player.follow(pace())
    say(message)
    expect(player.state()).toMatchObject({ phase: 'refused', refusal, retryInS: 45 })
    await clock.advanceAsync(10_000)
    player.follow(pace())
    expect(sockets.all).toHaveLength(1)
    player.retryNow()
    player.follow(pace())
    expect(sockets.all).toHaveLength(2)
  })

  test('no right is no lost line', () => {
    const { player } = openPlayer()
    player.follow(pace())
    sockets.last().onClose(4003, '')
    expect(player.state()).toMatchObject({ phase: 'refused', refusal: 'no_permission' })
  })

  test('the end of the login ends it', () => {
    const { player } = openPlayer()
    player.follow(pace())
    sockets.last().onClose(4010, '')
    expect(player.state()).toMatchObject({ phase: 'closed', fault: 'signed_out' })
  })

  test('a server that says nothing is asked again; one that has said all is not', async () => {
    const { player } = openPlayer()
    player.follow(pace())
    await clock.advanceAsync(12_100)
    player.follow(pace())
    expect(player.state()).toMatchObject({ phase: 'lost', fault: 'server_silent' })
  })

  test('a decoder that stands is begun anew', async () => {
    const { player } = await playing()
    player.follow(pace())
    await clock.advanceAsync(6_100)
    player.follow(pace())
    expect(player.state()).toMatchObject({ phase: 'lost', fault: 'decoder_stuck' })
  })

  test('nothing is left behind', async () => {
    const { player, decoders } = await playing()
    const closing = player.close()
    await clock.advanceAsync(10)
    await closing
    expect([sockets.last().isClosed, decoders.last().isClosed, clock.pendingTimers()]).toEqual([true, true, 0])
    player.follow(pace())
    expect(sockets.all).toHaveLength(1)
  })
})

describe('R-PLAY-2 several in step', () => {
  function openGroup(players: PlaybackPlayer[]) {
    const group = createPlaybackGroup({ at, speed: 1, isPlaying: true, serverNow: () => at + 3600_000, onState: () => {}, clock })
    for (const player of players) group.add(player)
    return group
  }
  const stub = (phase: PlaybackState['phase'], gapToAt: number | null = null) => {
    const player = {
      phase,
      paces: [] as Parameters<PlaybackPlayer['follow']>[0][],
      retries: 0,
      waitedMs: () => 0,
      shownAt: () => null,
      frameBeside: () => at + 40,
      setSound: () => undefined,
      retryNow: () => void player.retries++,
      close: () => Promise.resolve(),
      follow: (next: Parameters<PlaybackPlayer['follow']>[0]) => void player.paces.push(next),
      state: () => ({ phase: player.phase, gap: gapToAt === null ? null : { fromAt: at, toAt: gapToAt } }) as PlaybackState,
    }
    return player
  }

  test('the clock runs when all are ready, at its speed; real speed is measured', async () => {
    const [a, b] = [stub('opening'), stub('paused')]
    const group = openGroup([a, b])
    await clock.advanceAsync(1_000)
    expect(group.state()).toMatchObject({ at, heldFor: 'loading', realSpeed: null })
    a.phase = 'playing'
    group.setSpeed(4)
    await clock.advanceAsync(2_000)
    expect(group.state().at).toBe(at + 8_000)
    expect(group.state().realSpeed).toBeCloseTo(4)
    a.phase = 'buffering'
    await clock.advanceAsync(1_000)
    expect(group.state().realSpeed).toBeCloseTo(2, 0)
    expect(a.paces.at(-1)).toEqual(b.paces.at(-1))
    group.close()
    expect(clock.pendingTimers()).toBe(0)
  })

  test('a gap all are in is gone over, and said', async () => {
    const group = openGroup([stub('gap', at + 90_000), stub('gap', at + 50_000)])
    await clock.advanceAsync(100)
    expect(group.state()).toMatchObject({ at: at + 50_000, skipped: { fromAt: at, toAt: at + 50_000 } })
    group.seek(at)
    expect(group.state().skipped).toBeNull()
    group.close()
  })

  test('paused nothing is gone over; a step stands on the next picture', async () => {
    const leader = stub('paused')
    const group = openGroup([leader])
    group.lead(leader)
    group.pause()
    await clock.advanceAsync(500)
    expect(group.state()).toMatchObject({ at, isPlaying: false })
    group.step(1)
    expect(group.state().at).toBe(at + 40)
    expect(leader.paces.at(-1)).toMatchObject({ at: at + 40, isRunning: false, isPlaying: false })
    group.close()
  })

  test('nobody seeks into the future; a seek asks refused ones again', () => {
    const refused = stub('refused')
    const group = openGroup([refused])
    group.seek(at + 7200_000, false)
    expect([group.state().at, refused.retries]).toEqual([at + 3600_000, 0])
    group.seek(at)
    expect(refused.retries).toBe(1)
    group.close()
  })
})

describe('R-PLAY-1 sound', () => {
  function sayOpenedWithSound(soundUpToMs = 10_000) {
    const seekId = sent().findLast((message) => message.type === 'seek')?.seekId ?? 0
    say({ ...openedMessage, seekId, sound: 'aac' })
    say({ type: 'position', flvMs: 0, at })
    sockets.last().onBytes(join(fileHeader, videoConfig, audioConfig, keyFrame(0), plainFrame(40), audioFrame(20), plainFrame(10_000), audioFrame(soundUpToMs)))
  }
  /** Opened with a track of sound, ten seconds of both in the buffer. */
  async function hearing(soundUpToMs = 10_000): Promise<Opened> {
    const opened = openPlayer()
    opened.player.setSound(true)
    opened.player.follow(pace())
    sayOpenedWithSound(soundUpToMs)
    await clock.advanceAsync(1)
    opened.fake.buffer(0, 10)
    opened.fake.show(0)
    opened.player.follow(pace())
    return opened
  }

  test('mute until it is turned on; then the server is told, and a new decoder has a track of sound', async () => {
    const { player, fake, decoders } = await playing()
    expect([fake.video.muted, decoders.last().hasAudio]).toEqual([true, false])
    player.setSound(true)
    expect(sent().at(-1)).toEqual({ type: 'sound', isOn: true })
    sayOpenedWithSound()
    await clock.advanceAsync(1)
    player.follow(pace())
    expect([fake.video.muted, decoders.last().hasAudio]).toEqual([false, true])
  })

  test.each([
    { name: 'slow motion', more: { speed: 0.25 }, problem: 'speed' },
    { name: '4x', more: { speed: 4 }, problem: 'speed' },
    { name: 'paused', more: { isPlaying: false, isRunning: false }, problem: null },
  ])('$name is mute', async ({ more, problem }) => {
    const { player, fake } = await hearing()
    expect([fake.video.muted, player.state().soundProblem]).toEqual([false, null])
    player.follow(pace(0, more))
    expect([fake.video.muted, player.state().soundProblem]).toEqual([true, problem])
  })

  test('a recording without sound, and sound that could not be sent, are said', async () => {
    const { player } = openPlayer()
    player.setSound(true)
    player.follow(pace())
    expect(sockets.last().path).toContain('&sound=1')
    sayOpened()
    expect(player.state().soundProblem).toBe('none_recorded')
    sayOpened({ sound: 'pcma', soundMissing: 'transcode_limit' })
    expect(player.state().soundProblem).toBe('transcode_limit')
  })

  test('sound that stays behind does not hold the picture: it begins anew without', async () => {
    const { player, fake, decoders } = await hearing(200)
    fake.buffer(0, 0.2) // both tracks reach that far
    for (let tick = 0; tick < 80; tick++) {
      await clock.advanceAsync(100)
      player.follow(pace(500))
    }
    expect(sent().filter((message) => message.type === 'sound')).toEqual([{ type: 'sound', isOn: false }])
    expect(player.state().soundProblem).toBe('broken')
    sayOpenedWithSound()
    await clock.advanceAsync(1)
    expect(decoders.last().hasAudio).toBe(false)
  })

  test('a decoder that fails with sound is begun anew without; a second time it is the picture', async () => {
    const { player, decoders } = await hearing()
    decoders.last().fail()
    expect(sent().at(-1)).toEqual({ type: 'sound', isOn: false })
    expect(player.state()).toMatchObject({ phase: 'opening', fault: null, soundProblem: 'broken' })
    sayOpenedWithSound()
    await clock.advanceAsync(1)
    decoders.last().fail()
    expect(player.state()).toMatchObject({ phase: 'lost', fault: 'decoder_failed' })
  })
})
