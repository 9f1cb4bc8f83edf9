// The file of both workers, which shares what they have in common: it is small. A worker's name says which of them it is.

import { servePlanner } from './plannerworker.ts'
import { serveSearch } from './searchworker.ts'

if (self.name === 'planner') servePlanner(self as never)
else serveSearch(self as never)
