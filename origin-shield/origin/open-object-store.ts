import type { ObjectStore, ObjectStoreSettings } from './object-store.ts'
import { openFolderStore } from './object-store-folder.ts'

/** The store that the settings name. @throws ObjectStoreError when a folder can't be made */
export async function openObjectStore(settings: ObjectStoreSettings): Promise<ObjectStore> {
  if ('folder' in settings) return openFolderStore(settings.folder)
  // The AWS SDK takes a third of a second to load: only who uses it waits for it.
  const { openS3Store } = await import('./object-store-s3.ts')
  return openS3Store(settings.s3)
}
