package rules

import "math"

// latlngFunctions are the functions of
// https://firebase.google.com/docs/reference/rules/rules.latlng_.
var latlngFunctions = map[string]*builtin{
	"value": {2, 2, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		lat, lng := args[0], args[1]
		switch {
		case !lat.isNumber() || !lng.isNumber():
			return unsupported(e, "latlng.value", lat, lng)
		case !(math.Abs(lat.number()) <= 90 && math.Abs(lng.number()) <= 180):
			return fail(e, "Latitude # or longitude # is out of range.", lat, lng)
		}
		return LatLngValue(lat.number(), lng.number())
	}), setOf(KindLatLng)},
}

// latlngMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.LatLng.
var latlngMethods = methodTable{
	kind: KindLatLng,
	overloads: map[string]overload{
		"latitude":  noArgs(func(v Value) Value { return FloatValue(v.point().latitude) }),
		"longitude": noArgs(func(v Value) Value { return FloatValue(v.point().longitude) }),
		"distance": {1, 1, func(_ *evaluator, e *expr, self Value, args []Value) Value {
			if args[0].kind != KindLatLng {
				return unsupported(e, "distance", args[0])
			}
			return FloatValue(distance(self.point(), args[0].point()))
		}},
	},
	returns: map[string]kindSet{"latitude": setOf(KindFloat), "longitude": setOf(KindFloat), "distance": setOf(KindFloat)},
}

// earthRadius is the mean radius of the earth in meters.
const earthRadius = 6_371_010

// distance returns the great-circle distance between two points in meters.
func distance(a, b point) float64 {
	const degree = math.Pi / 180
	sinLat := math.Sin((b.latitude - a.latitude) * degree / 2)
	sinLng := math.Sin((b.longitude - a.longitude) * degree / 2)
	h := sinLat*sinLat + math.Cos(a.latitude*degree)*math.Cos(b.latitude*degree)*sinLng*sinLng
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}
