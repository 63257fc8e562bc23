#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ringside/client.hpp"

/// A service that quotes prices, with as many providers as the load asks for.
///
///   quote           call     {"event":42,"seats":3} -> {"total":12600,"provider":PID}
///   quotes/demand   record   {"calls":24}: so many calls the caller keeps under way; 0: the end
///   quotes/load     event    {"under_way":24,"mean_ms":31.5}, ten times a second, by the caller
///
/// The caller, each provider, and the crew that starts and withdraws providers are processes of
/// their own. They know nothing of each other but these names.
namespace ringside::quotes {

inline constexpr auto call_name = "quote";
inline constexpr auto demand_name = "quotes/demand";
inline constexpr auto load_subject = "quotes/load";

/// What a price takes to find out: a question to another system, say.
inline constexpr auto time_of_a_quote = std::chrono::milliseconds(4);

struct Quote {
    std::int64_t event = 0;
    std::int64_t seats = 0;
    [[nodiscard]] std::string json() const;
    /// In cents. Both sides can tell, so that the caller can check what it is answered.
    [[nodiscard]] std::int64_t total() const noexcept { return seats * (3000 + event * 7 % 5000); }
    static Quote of(const Value& document);
};

struct Load {
    std::int64_t under_way = 0;
    double mean_ms = 0;
    [[nodiscard]] std::string json() const;
    static Load of(const Value& document);
};

/// Answers calls until it is asked to end; then it withdraws. Exit status.
int play_provider(const std::string& grid);

/// Calls until there is no more demand. Exit status: 0 if every call was answered correctly.
int play_caller(const std::string& grid);

/// The whole show. Exit status: 0 if all went as it should.
int play_show(const std::string& grid);

}  // namespace ringside::quotes
