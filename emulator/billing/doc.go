// Package billing counts what Google bills for the emulated services, and computes the bill.
//
// Each emulator adds to a [Meter] what a request costs: document reads, bytes out, tasks, processor
// time. The meter keeps sums by day, item and [Cause]. [Prices] has the price and the free tier of each
// [Item], and turns a [Usage] into a [Bill].
package billing
