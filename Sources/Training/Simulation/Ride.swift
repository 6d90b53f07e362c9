public import Basics
public import Tabular

/// One simulated taxi ride, with the columns of the City of Chicago's public taxi trips.
public struct Ride: Sendable {
    /// The columns' names, in order; the id and the time stand apart from them.
    public static let columns = [
        "pickup_community_area", "fare", "trip_start_month", "trip_start_hour", "trip_start_day",
        "trip_start_timestamp", "pickup_latitude", "pickup_longitude", "dropoff_latitude",
        "dropoff_longitude",
        "trip_miles", "pickup_census_tract", "dropoff_census_tract", "payment_type", "company",
        "trip_seconds",
        "dropoff_community_area", "tips",
    ]
    /// The label that the demonstration predicts: did the passenger tip more than a fifth of the fare?
    public static let label = "tips > 0.2 * fare"

    /// Unique within a simulation: `ride-` and the ride's number.
    public var id: String
    /// When it began.
    public var start: Timestamp
    /// The area (1 to 77) of the pickup; sometimes missing.
    public var pickupCommunityArea: Int?
    /// Dollars.
    public var fare: Double
    /// Miles, as the meter has them: sometimes 0.
    public var tripMiles: Double
    /// Seconds, in steps of 60; sometimes missing.
    public var tripSeconds: Int?
    /// `Cash`, `Credit Card`, …; sometimes missing.
    public var paymentType: String?
    /// The taxi's company; often missing.
    public var company: String?
    /// The area of the end; missing for rides that leave the city.
    public var dropoffCommunityArea: Int?
    /// The tract of the end; often missing.
    public var dropoffCensusTract: Int?
    /// Dollars: what the label is made of.
    public var tips: Double
    /// Month 1 to 12, hour 0 to 23 and day of the week (1 is Sunday) of the start.
    public var calendar: (month: Int, hour: Int, day: Int)
    /// The chance, known to the simulator alone, that `tips > 0.2 * fare`: what the best possible model would
    /// predict.
    public var tipChance: Double

    /// Whether the label holds.
    public var isGenerous: Bool { tips > 0.2 * fare }

    /// Where it began, in degrees north and east.
    public var pickup: (latitude: Double, longitude: Double)? {
        pickupCommunityArea.flatMap { City.place($0) }
    }

    /// Where it ended, in degrees north and east.
    public var dropoff: (latitude: Double, longitude: Double)? {
        dropoffCommunityArea.flatMap { City.place($0) }
    }

    /// The cells in the order of `columns`.
    public var values: [TableValue] {
        func whole(_ value: Int?) -> TableValue { value.map { .integer(Int64($0)) } ?? .missing }
        func real(_ value: Double?) -> TableValue { value.map { .real($0) } ?? .missing }
        func text(_ value: String?) -> TableValue { value.map { .text($0) } ?? .missing }
        return [
            whole(pickupCommunityArea), .real(fare), whole(calendar.month), whole(calendar.hour),
            whole(calendar.day), .integer(start.milliseconds / 900_000 * 900), real(pickup?.latitude),
            real(pickup?.longitude), real(dropoff?.latitude), real(dropoff?.longitude), .real(tripMiles),
            .missing,
            whole(dropoffCensusTract), text(paymentType), text(company), whole(tripSeconds),
            whole(dropoffCommunityArea), .real(tips),
        ]
    }
}
