#include <gtest/gtest.h>

#include "shm/document/json.hpp"
#include "shm/name/name.hpp"
#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/payload.hpp"

namespace ringside::gateway::deepstream {
namespace {

const std::string high = "\xED\xA0\xBC";  // U+D83C
const std::string low = "\xED\xBE\xAB";   // U+DFAB
const std::string ticket = "\xF0\x9F\x8E\xAB";
const std::string replacement = "\xEF\xBF\xBD";

TEST(DeepstreamText, TextOfClientsIsUtf8WithHalvesOfPairs) {
    for (const std::string& text : {std::string(), std::string("a"), ticket, high, low + high,
                                    "a" + high + "b", ticket + low}) {
        EXPECT_TRUE(is_client_text(text));
    }
    for (const std::string text : {"\xFF", "\xED\xA0", "\xED", "a\xC0\x80", "\xF4\x90\x80\x80"}) {
        EXPECT_FALSE(is_client_text(text));
        EXPECT_FALSE(is_client_text(high + text));
        EXPECT_FALSE(is_client_text(text + high));
    }
}

TEST(DeepstreamText, HalvesWithoutTheOtherHalfAreReplaced) {
    EXPECT_EQ(to_utf8("a" + high), "a" + replacement);
    EXPECT_EQ(to_utf8(low + "b"), replacement + "b");
    EXPECT_EQ(to_utf8(low + high), replacement + replacement);
    EXPECT_EQ(to_utf8(high + low), ticket);
    EXPECT_EQ(to_utf8(high + high + low), replacement + ticket);
    EXPECT_EQ(to_utf8("a" + ticket), "a" + ticket);
}

TEST(DeepstreamText, EscapedHalvesInJsonAreReplaced) {
    EXPECT_EQ(to_utf8_json(R"("a\ud83c")"), R"("a\ufffd")");
    EXPECT_EQ(to_utf8_json(R"(["\uDFAB","\uD83Cx"])"), R"(["\ufffd","\ufffdx"])");
    EXPECT_EQ(to_utf8_json(R"("\ud83c\ud83c\udfab")"), R"("\ufffd\ud83c\udfab")");
    EXPECT_EQ(to_utf8_json(R"({"\ud83c":1})"), R"({"\ufffd":1})");
    EXPECT_EQ(to_utf8_json("\"" + high + "\""), "\"" + replacement + "\"");
    EXPECT_EQ(to_utf8_json(R"("\ud83c\n")"), R"("\ufffd\n")");
}

TEST(DeepstreamText, EverythingElseInJsonStays) {
    for (const std::string json :
         {R"("\ud83c\udfab")", R"("\\ud83c")", R"("\u00e4\d7ff")", R"("\ud7ff\ue000")", R"("\u12)",
          R"("\ud8)", "\"\\", "{\"a\":1}", R"("\\\\ud83c")", R"("\ud83)"}) {
        EXPECT_EQ(to_utf8_json(json), json);
    }
    EXPECT_EQ(to_utf8_json(R"("\\\ud83c")"), R"("\\\ufffd")");
}

TEST(DeepstreamText, NamesWithHalvesAreNamesOfTheGrid) {
    for (const std::string& name : {high, "a/" + high, high + low, low + "/b", ticket + high}) {
        const std::string grid_name = to_grid_name(name);
        EXPECT_TRUE(check_name(grid_name)) << grid_name;
        EXPECT_EQ(from_grid_name(grid_name), name);
    }
    EXPECT_EQ(to_grid_name("a" + high), "a%ED%A0%BC");
    EXPECT_EQ(to_grid_name(ticket), ticket);
}

TEST(DeepstreamPayload, NoDataIsADistinguishableNull) {
    const Document nothing = no_data_document();
    EXPECT_TRUE(nothing.root().is_null());
    EXPECT_EQ(to_json(nothing.root()), "null");
    EXPECT_EQ(payload_json(nothing.bytes()), "");
    EXPECT_EQ(payload_json(payload_document("").value().bytes()), "");
    EXPECT_EQ(payload_json(payload_document("null").value().bytes()), "null");
    EXPECT_EQ(payload_json(payload_document("[null]").value().bytes()), "[null]");
    EXPECT_EQ(payload_json(payload_document("1").value().bytes()), "1");
    EXPECT_EQ(payload_document("{").error(), Errc::bad_json);
}

}  // namespace
}  // namespace ringside::gateway::deepstream
