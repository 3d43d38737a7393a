import { openFolderOrigin } from './folder.ts'
import { openHttpOrigin } from './http.ts'
import type { Origin } from './origin.ts'
import { openS3Origin } from './s3.ts'
import type { OriginSettings } from './schema.ts'

/** The origin that settings describe. Opens nothing but connections, and those when they are needed. */
export function openOrigin(settings: OriginSettings): Origin {
  if ('folder' in settings) return openFolderOrigin(settings.folder)
  if ('s3' in settings) return openS3Origin(settings.s3)
  return openHttpOrigin(settings.http)
}
