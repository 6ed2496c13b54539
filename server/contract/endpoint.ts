/** An endpoint is written once, here, and used by both sides: the server cannot leave out its permission, the page cannot misspell its URL. */
import type { z } from 'zod'
import type { RoutePermission } from './permissions.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Route = `${Method} /api/${string}`

type ParamNames<R extends string> = R extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<`/${Rest}`>
  : R extends `${string}:${infer Name}`
    ? Name
    : never

export type Endpoint<
  R extends Route = Route,
  P extends z.ZodType | undefined = z.ZodType | undefined,
  Q extends z.ZodType | undefined = z.ZodType | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
  Y extends z.ZodType | 'bytes' = z.ZodType | 'bytes',
  M extends RoutePermission = RoutePermission,
> = {
  route: R
  method: Method
  path: string
  permission: M
  /** Name in the audit log. Every change has one; a read has one if it shows pictures or secrets. */
  audit: string | undefined
  /** Of a read that is repeated many times a second: one record for each login and camera says it for so long. 0: each time. */
  auditEveryMs: number
  params: P
  query: Q
  body: B
  /** What a 2xx answer holds; `bytes` is a file or picture, or 204 without a body when there is none. */
  reply: Y
  /** Longest body taken, in bytes. */
  maxBodyBytes: number
}

type Spec<R extends Route, P, Q, B, Y, M> = {
  permission: M
  reply: Y
  query?: Q
  body?: B
  maxBodyBytes?: number
} & (ParamNames<R> extends never ? { params?: undefined } : { params: P & z.ZodType<{ [K in ParamNames<R>]: unknown }> }) &
  (R extends `GET ${string}` ? { audit?: string; auditEveryMs?: number } : { audit: string })

/** Declares an endpoint. A change (anything but GET) without `audit`, or any without `permission`, does not compile. */
export function endpoint<
  const R extends Route,
  Y extends z.ZodType | 'bytes',
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  const M extends RoutePermission = RoutePermission,
>(route: R, spec: Spec<R, P, Q, B, Y, M>): Endpoint<R, P, Q, B, Y, M> {
  const [method, path] = route.split(' ') as [Method, string]
  return {
    route,
    method,
    path,
    permission: spec.permission,
    audit: spec.audit,
    auditEveryMs: 'auditEveryMs' in spec ? (spec.auditEveryMs ?? 0) : 0,
    params: spec.params as P,
    query: spec.query as Q,
    body: spec.body as B,
    reply: spec.reply,
    maxBodyBytes: spec.maxBodyBytes ?? 64 * 1024,
  }
}

export type Out<S> = S extends z.ZodType ? z.output<S> : undefined
export type In<S> = S extends z.ZodType ? z.input<S> : undefined
export type Api = Record<string, Endpoint>
