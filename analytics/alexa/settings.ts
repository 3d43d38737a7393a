import { z } from 'zod'

/** Keys of clients written for Alexa's services, as AWS gave them out. */
export const alexaSettings = z
  .strictObject({
    keys: z
      .array(
        z.strictObject({
          accessKeyId: z
            .string()
            .regex(/^[A-Za-z0-9_-]{3,128}$/, 'must be 3 to 128 letters, digits, `_` and `-`')
            .describe('The id that a request names.'),
          secretAccessKey: z.string().min(16).max(256).describe('The secret that it is signed with.'),
        }),
      )
      .default([])
      .describe('Who may ask, by signed requests; nobody when empty.'),
    open: z
      .boolean()
      .default(false)
      .describe(
        'Whether requests without a signature are answered too, as old toolbars and scripts send them.',
      ),
  })
  .prefault({})

export type AlexaSettings = z.infer<typeof alexaSettings>
