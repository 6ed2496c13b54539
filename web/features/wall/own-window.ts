/** A wall in a window of its own (R-WALL-4), with the first number nobody has yet. */
import { openWallWindow } from '../to-wall/open-walls.ts'
import { answerWithinMs, openWallLine } from '../to-wall/wall-channel.ts'
import { type WallNumber, wallNumbers } from '../to-wall/wall-memory.ts'

/** Numbers of the walls that are open in this browser. */
export async function presentWalls(account: string): Promise<ReadonlySet<WallNumber>> {
  const present = new Set<WallNumber>()
  const line = openWallLine(
    () => account,
    (message) => message.type === 'here' && present.add(message.wall),
  )
  line.post({ type: 'who', account })
  await new Promise((resolve) => setTimeout(resolve, answerWithinMs / 3))
  line.close()
  return present
}

/** null: all numbers are taken. `isOpen` false: the browser did not allow the window. */
export function openOwnWindow(present: ReadonlySet<WallNumber>): { wall: WallNumber; isOpen: boolean } | null {
  const wall = wallNumbers.find((each) => each !== 1 && !present.has(each))
  if (wall === undefined) return null
  return { wall, isOpen: openWallWindow(wall) }
}
