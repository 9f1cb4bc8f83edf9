// Package cutover moves a kind of data from one database to the other, or back.
package cutover
