import { t } from '../i18n/index.ts'
import { closeDialog, dialog } from '../model/screen.ts'
import { DeleteDialog, PasswordDialog, SignInDialog, UsernameDialog } from './accountdialogs.tsx'
import { Dialog } from './dialog.tsx'
import { FriendsDialog } from './friendsdialog.tsx'
import { LectureDialog } from './lecturedialog.tsx'
import { NewsDialog } from './newsdialog.tsx'
import { Planner } from './planner.tsx'
import { PlansDialog } from './plansdialog.tsx'
import { Semesters } from './semesters.tsx'
import { ShareDialog } from './sharedialog.tsx'

/** The dialog that is open. */
export function Dialogs() {
  const open = dialog.value
  switch (open?.name) {
    case undefined: return null
    case 'lecture': return <LectureDialog key={open.lecture?.id} lecture={open.lecture} times={open.times} />
    case 'semester': return <Dialog title={t.value.changeSemester}><Semesters done={closeDialog} /></Dialog>
    case 'plans': return <PlansDialog />
    case 'share': return <ShareDialog />
    case 'friends': return <FriendsDialog />
    case 'planner': return <Planner />
    case 'signin': return <SignInDialog />
    case 'username': return <UsernameDialog />
    case 'password': return <PasswordDialog />
    case 'delete': return <DeleteDialog />
    case 'news': return <NewsDialog />
  }
}
