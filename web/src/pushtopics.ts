// Names the topics of Firebase Cloud Messaging that HeekTime sends to; docs/push.md describes them, and package
// topic is the same in Go. No dependencies: SHA-256 is the browser's.

/** A language of the messages. */
export type Language = 'ko' | 'en'

/**
 * The topic of a lecture: the IDs of the school and the semester, and the identifier of the lecture in the
 * student's timetable, exactly as Firestore has them.
 */
export async function lectureTopic(schoolId: string, semesterId: string, identifier: string, language: Language): Promise<string> {
  return `lecture-${await hash(`${schoolId}/${semesterId}/${identifier}`)}.${language}`
}

/** The topic of announcements for everyone. */
export function announcementsTopic(language: Language): string {
  return `announcements.${language}`
}

/** The topic of announcements for a school. */
export async function schoolTopic(schoolId: string, language: Language): Promise<string> {
  return `school-${await hash(schoolId)}.${language}`
}

/** 32 hexadecimal digits: half of the SHA-256. */
async function hash(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
