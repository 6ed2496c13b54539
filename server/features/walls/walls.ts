/** The video wall's layouts, rotations and patrol log, made together. */
import { createLayouts, type LayoutDeps } from './layouts.ts'
import { createPatrols, type PatrolDeps } from './patrols.ts'
import { createRotations } from './rotations.ts'

export function createWalls(deps: LayoutDeps & PatrolDeps) {
  const patrols = createPatrols(deps)
  return { layouts: createLayouts(deps), rotations: createRotations(deps), patrols, close: patrols.close }
}
export type Walls = ReturnType<typeof createWalls>
