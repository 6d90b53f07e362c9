/// The areas and companies of the simulated city: a selection of Chicago's community areas, with their
/// centres.
enum City {
    struct Area: Sendable {
        let number: Int
        let weight: Double
        let latitude: Double
        let longitude: Double
        let isCentral: Bool
        let isLively: Bool

        init(
            _ number: Int, _ weight: Double, _ latitude: Double, _ longitude: Double, central: Bool = false,
            lively: Bool = false
        ) {
            self.number = number
            self.weight = weight
            self.latitude = latitude
            self.longitude = longitude
            isCentral = central
            isLively = lively
        }
    }

    struct Company: Sendable {
        let name: String
        let weight: Double
        /// Added to the log-odds of a good tip.
        let bias: Double
    }

    /// The area of the larger airport.
    static let airport = 76

    static let areas = [
        Area(8, 30, 41.8994, -87.6331, central: true, lively: true),
        Area(32, 22, 41.8810, -87.6327, central: true), Area(28, 10, 41.8740, -87.6634, central: true),
        Area(6, 8, 41.9442, -87.6560, lively: true), Area(7, 7, 41.9227, -87.6495, lively: true),
        Area(airport, 6, 41.9803, -87.9134), Area(33, 4, 41.8572, -87.6204, central: true),
        Area(24, 4, 41.9012, -87.6764, lively: true), Area(3, 3, 41.9658, -87.6588),
        Area(56, 3, 41.7926, -87.7696), Area(22, 2, 41.9228, -87.6992), Area(41, 2, 41.7941, -87.5923),
        Area(77, 2, 41.9867, -87.6634), Area(1, 1, 42.0096, -87.6701), Area(16, 1, 41.9536, -87.7236),
        Area(43, 1, 41.7619, -87.5727),
    ]

    static let companies = [
        Company(name: "Taxi Affiliation Services", weight: 50, bias: 0),
        Company(name: "Dispatch Taxi Affiliation", weight: 17, bias: 0.2),
        Company(name: "Blue Ribbon Taxi Association Inc.", weight: 11, bias: -0.4),
        Company(name: "Choice Taxi Association", weight: 9, bias: 0.5),
        Company(name: "Northwest Management LLC", weight: 6, bias: -0.2),
        Company(name: "City Service", weight: 4, bias: 0.3),
        Company(name: "KOAM Taxi Association", weight: 3, bias: -0.6),
    ]

    static func place(_ number: Int) -> (latitude: Double, longitude: Double)? {
        areas.first { $0.number == number }.map { ($0.latitude, $0.longitude) }
    }

    /// Miles between two areas along streets: a degree of latitude has 69 miles, one of longitude here 51.5.
    static func miles(_ a: Area, _ b: Area) -> Double {
        abs(a.latitude - b.latitude) * 69 + abs(a.longitude - b.longitude) * 51.5
    }
}
