/** Identities, instants and places: the vocabulary every other contract file is written in. */
import { z } from 'zod'

/** A camera is one channel. The 20-digit GB/T 28181 number where it has one; always text. */
export const CameraId = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,40}$/)
  .brand<'CameraId'>()
export type CameraId = z.infer<typeof CameraId>

export const StationId = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,40}$/)
  .brand<'StationId'>()
export type StationId = z.infer<typeof StationId>

export const UserId = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,40}$/)
  .brand<'UserId'>()
export type UserId = z.infer<typeof UserId>

/** Epoch milliseconds, UTC. */
export const Instant = z.number().int().nonnegative()
export type Instant = z.infer<typeof Instant>

/** WGS-84 longitude and latitude in degrees. */
export const LonLat = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])
export type LonLat = z.infer<typeof LonLat>

/** `main` is the full picture, `sub` the small one for walls (主/子码流). */
export const Profile = z.enum(['main', 'sub'])
export type Profile = z.infer<typeof Profile>
