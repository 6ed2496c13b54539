/** Jurisdictions were one ring; they are polygons of rings now (GeoJSON MultiPolygon). */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, ['update stations set jurisdiction = jsonb_build_array(jsonb_build_array(jurisdiction)) where jurisdiction is not null'])
