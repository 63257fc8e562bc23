#include "shm/base/errc.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace ringside {
namespace {

/// Every number that names an enumerator: `name` knows no other.
std::vector<Errc> every_code() {
    std::vector<Errc> codes;
    for (int number = 0; number < 1000; ++number) {
        const auto code = static_cast<Errc>(number);
        if (name(code) != "unknown") codes.push_back(code);
    }
    return codes;
}

TEST(Errc, EveryCodeHasANameAndAMessageOfItsOwn) {
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
    const std::string said(message(Errc::bad_json));
    EXPECT_EQ(Error(Errc::bad_json).text(), "bad_json: " + said);
    EXPECT_EQ(Error(Errc::bad_json, "line 2").text(), "bad_json: " + said + ": line 2");
    EXPECT_EQ(Error(Errc::bad_json, "line 2").explanation(), said + ": line 2");
}

TEST(Result, ValueThrowsTheErrorThatIsThere) {
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
