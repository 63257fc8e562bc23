#include "shm/base/errc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace ringside {
namespace {

/// Returns the number of each enumerator. `name` knows no other numbers.
std::vector<Errc> every_code() {
    std::vector<Errc> codes;
    for (int number = 0; number < 1000; ++number) {
        const auto code = static_cast<Errc>(number);
        if (name(code) != "unknown") codes.push_back(code);
    }
    return codes;
}

TEST(Errc, EveryCodeHasADistinctNameAndMessage) {
    std::set<std::string_view> names;
    std::set<std::string_view> messages;
    const auto codes = every_code();
    for (const Errc code : codes) {
        EXPECT_FALSE(message(code).empty()) << name(code);
        names.insert(name(code));
        messages.insert(message(code));
    }
    EXPECT_GE(codes.size(), 42U);
    EXPECT_EQ(names.size(), codes.size());
    EXPECT_EQ(messages.size(), codes.size());
}

TEST(Errc, LastCodeIsTheHighestNumber) { EXPECT_EQ(every_code().back(), errc_last); }

TEST(Errc, MessagesAreSentencesWithoutAnEnd) {
    for (const Errc code : every_code()) EXPECT_NE(message(code).back(), '.') << name(code);
}

TEST(Errc, NamesAreThoseOfTheEnumerators) {
    EXPECT_EQ(name(Errc::ok), "ok");
    EXPECT_EQ(name(Errc::grid_full), "grid_full");
    EXPECT_EQ(name(Errc::system_error), "system_error");
}

TEST(Errc, CodeOfANewerReleaseStillHasAMessage) {
    EXPECT_FALSE(message(static_cast<Errc>(60000)).empty());
}

TEST(Errc, ErrorCodeCarriesTheMessage) {
    const auto code = make_error_code(Errc::timed_out);
    EXPECT_STREQ(code.category().name(), "ringside");
    EXPECT_EQ(code.message(), message(Errc::timed_out));
}

TEST(Error, TextIsTheNameTheMessageAndTheDetail) {
    const std::string general(message(Errc::bad_json));
    EXPECT_EQ(Error(Errc::bad_json).text(), "bad_json: " + general);
    EXPECT_EQ(Error(Errc::bad_json, "line 2").text(), "bad_json: " + general + ": line 2");
    EXPECT_EQ(Error(Errc::bad_json, "line 2").explanation(), general + ": line 2");
}

TEST(Error, DetailStandsBeforeTheAdvice) {
    EXPECT_EQ(Error(Errc::no_such_grid, "grid 'onsale'").explanation(),
              "no such grid on this host: grid 'onsale'; start its broker, or check the name");
}

TEST(Error, AdviceOfTheDetailReplacesTheGeneralAdvice) {
    EXPECT_EQ(Error(Errc::no_such_grid, "grid 'onsale' is still starting; try again").explanation(),
              "no such grid on this host: grid 'onsale' is still starting; try again");
}

TEST(Result, ValueThrowsTheError) {
    const Result<int> result = Error(Errc::not_found, "seat");
    try {
        (void)result.value();
        FAIL() << "nothing was thrown";
    } catch (const Exception& exception) {
        EXPECT_EQ(exception.error(), Errc::not_found);
        EXPECT_EQ(std::string(exception.what()), Error(Errc::not_found, "seat").text());
    }
}

}  // namespace
}  // namespace ringside
