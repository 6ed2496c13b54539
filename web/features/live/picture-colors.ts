/** On and around a picture the colours are the dark ones in either theme: a picture is looked at on near-black. */
import { color } from '../../base/theme.ts'

const { text1, text2, text3, accent, online, degraded, offline, unknown, suspended, gap, raised, line, active, field } = color.dark

/** Surroundings of video in both themes (`design.md` section 2). */
const videoGround = '#05070A'

/** Bound as style on what holds a picture; everything inside uses the usual custom properties. */
export const pictureStyle = {
  '--video-ground': videoGround,
  '--text1': text1,
  '--text2': text2,
  '--text3': text3,
  '--accent': accent,
  '--online': online,
  '--degraded': degraded,
  '--offline': offline,
  '--unknown': unknown,
  '--suspended': suspended,
  '--gap': gap,
  '--raised': raised,
  '--line': line,
  '--active': active,
  '--field': field,
  '--surface': videoGround,
} as const

/** For the line under a snapshot. */
export const snapshotColors = { inkColor: text1, groundColor: videoGround }
