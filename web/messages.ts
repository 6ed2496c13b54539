/** All texts, put together: the one place that knows every feature's `zh.ts` and `en.ts`. */
import type { SameShape } from './base/i18n.ts'
import { en as accountsEn } from './features/accounts/en.ts'
import { zh as accountsZh } from './features/accounts/zh.ts'
import { en as camerasEn } from './features/cameras/en.ts'
import { zh as camerasZh } from './features/cameras/zh.ts'
import { en as dutyEn } from './features/duty/en.ts'
import { zh as dutyZh } from './features/duty/zh.ts'
import { en as exportsEn } from './features/exports/en.ts'
import { zh as exportsZh } from './features/exports/zh.ts'
import { en as liveEn } from './features/live/en.ts'
import { zh as liveZh } from './features/live/zh.ts'
import { canvasEn } from './features/map/canvas.en.ts'
import { canvasZh } from './features/map/canvas.zh.ts'
import { en as mapEn } from './features/map/en.ts'
import { offsetEn } from './features/map/offset.en.ts'
import { offsetZh } from './features/map/offset.zh.ts'
import { zh as mapZh } from './features/map/zh.ts'
import { en as marksEn } from './features/marks/en.ts'
import { zh as marksZh } from './features/marks/zh.ts'
import { en as playbackEn } from './features/playback/en.ts'
import { zh as playbackZh } from './features/playback/zh.ts'
import { en as shellEn } from './features/shell/en.ts'
import { zh as shellZh } from './features/shell/zh.ts'
import { en as stationsEn } from './features/stations/en.ts'
import { zh as stationsZh } from './features/stations/zh.ts'
import { en as storageEn } from './features/storage/en.ts'
import { zh as storageZh } from './features/storage/zh.ts'
import { en as takenEn } from './features/taken/en.ts'
import { zh as takenZh } from './features/taken/zh.ts'
import { en as toWallEn } from './features/to-wall/en.ts'
import { zh as toWallZh } from './features/to-wall/zh.ts'
import { en as wallEn } from './features/wall/en.ts'
import { zh as wallZh } from './features/wall/zh.ts'
import { en as wordsEn } from './words/en.ts'
import { zh as wordsZh } from './words/zh.ts'

const zh = {
  ...wordsZh,
  accounts: accountsZh,
  cameras: camerasZh,
  duty: dutyZh,
  exports: exportsZh,
  live: liveZh,
  map: { ...mapZh, canvas: canvasZh, offset: offsetZh },
  marks: marksZh,
  playback: playbackZh,
  shell: shellZh,
  stations: stationsZh,
  storage: storageZh,
  taken: takenZh,
  toWall: toWallZh,
  wall: wallZh,
}
const en: SameShape<typeof zh> = {
  ...wordsEn,
  accounts: accountsEn,
  cameras: camerasEn,
  duty: dutyEn,
  exports: exportsEn,
  live: liveEn,
  map: { ...mapEn, canvas: canvasEn, offset: offsetEn },
  marks: marksEn,
  playback: playbackEn,
  shell: shellEn,
  stations: stationsEn,
  storage: storageEn,
  taken: takenEn,
  toWall: toWallEn,
  wall: wallEn,
}

export const messages = { zh, en }

declare module './base/i18n.ts' {
  interface MessageRegister {
    messages: typeof zh
  }
}
