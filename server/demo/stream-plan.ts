/** Decides how each demo camera streams: by its scene and by a hash of its id, so that it is the same at every start. */
import type { Scene } from '../contract/cameras.ts'
import type { SimulatedCamera } from './camera-server.ts'
import { listDemoCameras } from './cameras.ts'
import { clipPlans, type ClipName, type ClipPlan, type SceneName } from './clips/catalog.ts'
import { hashText } from './seeded.ts'

const scenesOf: Record<Scene, readonly SceneName[]> = {
  alley: ['alley'],
  troubleSpot: ['crossing', 'road'],
  residentialGate: ['gate'],
  mall: ['mall'],
  market: ['market'],
  other: ['road', 'crossing'],
}
const plans: readonly ClipPlan[] = clipPlans

const H265_RATE = 0.15

type PlannedFor = { cameraId: string; scene: Scene; switchName: string | null }

/** A number in [0, 1) that depends on the camera and on what is decided. */
const chance = (cameraId: string, about: string) => hashText(`${about} ${cameraId}`) / 0x1_0000_0000

/** 15 % have H.265 main streams, about 12 % AAC and 10 % G.711A sound; a few have something that only some clients cope with. */
export function planStreams(cameras: readonly PlannedFor[]): SimulatedCamera[] {
  const clipsFor = (scene: Scene) => plans.filter((plan) => scenesOf[scene].includes(plan.scene))
  const h265Count = Math.round(cameras.length * H265_RATE)
  const h265Ids = new Set(
    cameras
      .filter(({ scene }) => clipsFor(scene).some((plan) => plan.h265))
      .map(({ cameraId }) => cameraId)
      .sort((a, b) => chance(a, 'h265') - chance(b, 'h265'))
      .slice(0, h265Count),
  )
  return cameras.map(({ cameraId, scene, switchName }) => {
    const isH265 = h265Ids.has(cameraId)
    const clips = clipsFor(scene).filter((plan) => !isH265 || plan.h265)
    const sound = chance(cameraId, 'sound')
    return {
      cameraId,
      clip: clips[Math.floor(chance(cameraId, 'clip') * clips.length)]!.name as ClipName,
      mainCodec: isH265 ? 'h265' : 'h264',
      sound: sound < 0.12 ? 'aac' : sound < 0.22 ? 'pcma' : 'none',
      username: 'admin',
      password: `demo:${(hashText(`password ${cameraId}`) % 1e6).toString().padStart(6, '0')}@${chance(cameraId, 'odd') < 0.1 ? '摄/像?#%' : 'cam'}`,
      hasParameterSetsInSdp: chance(cameraId, 'sdp') >= 0.04,
      switchName,
      digest: chance(cameraId, 'digest') < 0.08 ? 'sha256' : 'md5',
      transports: chance(cameraId, 'transport') < 0.02 ? ['udp'] : ['tcp', 'udp'],
    }
  })
}

let planned: SimulatedCamera[] | undefined

/** The 468 of the demo. Their logins are made up and open nothing but this simulator. */
export function listDemoStreams(): readonly SimulatedCamera[] {
  planned ??= planStreams(listDemoCameras())
  return planned
}
