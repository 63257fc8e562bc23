#include "ringside/field.hpp"

#include <gtest/gtest.h>

namespace ringside {
namespace {

class FieldTest : public ::testing::Test {
protected:
    /// Returns the field of a record as JSON.
    static std::string read(const Field& field, std::string_view json,
                            std::string_view name = "event/42/seat/A12") {
        const Document document = Document::parse(json).value();
        const FieldReader reader(field);
        return to_json(reader(RecordView(name, document.bytes(), nullptr, 7, 99, 1'700, 0)));
    }
};

TEST_F(FieldTest, APointerNamesAValueOfTheDocument) {
    constexpr const char* json = R"({"price":5,"seat":{"row":"A","tags":["x","y"]},"a/b":1})";
    EXPECT_EQ(read("/price", json), "5");
    EXPECT_EQ(read("/seat/row", json), R"("A")");
    EXPECT_EQ(read("/seat/tags/1", json), R"("y")");
    EXPECT_EQ(read("/seat/tags", json), R"(["x","y"])");
    EXPECT_EQ(read("/a~1b", json), "1");
    EXPECT_EQ(read("", "17"), "17");
    EXPECT_EQ(read("/0", R"(["first"])"), R"("first")");
}

TEST_F(FieldTest, MissingValueIsNull) {
    for (const char* json : {"{}", "5", "[]", R"({"a":5})", R"({"a":{"c":1}})", R"({"a":[1]})"}) {
        EXPECT_EQ(read("/a/b", json), "null") << json;
        EXPECT_EQ(read("/b", json), "null") << json;
    }
    EXPECT_EQ(read("/-", "[1]"), "null");
}

TEST_F(FieldTest, LevelsAreCountedFromZero) {
    EXPECT_EQ(read(Field::level(0), "1"), R"("event")");
    EXPECT_EQ(read(Field::level(3), "1"), R"("A12")");
    EXPECT_EQ(read(Field::level(4), "1"), "null");
    EXPECT_EQ(read(Field::level(0), "1", "alone"), R"("alone")");
}

TEST_F(FieldTest, NameVersionRevisionAndTimeAreFields) {
    EXPECT_EQ(read(Field::name(), "1"), R"("event/42/seat/A12")");
    EXPECT_EQ(read(Field::version(), "1"), "7");
    EXPECT_EQ(read(Field::revision(), "1"), "99");
    EXPECT_EQ(read(Field::updated(), "1"), "1700");
}

TEST_F(FieldTest, ABadPointerIsKeptAsAnError) {
    EXPECT_EQ(Field("price").error()->code, Errc::bad_pointer);
    EXPECT_EQ(Field("/a~2").error()->code, Errc::bad_pointer);
    EXPECT_FALSE(Field("/price").error());
}

TEST_F(FieldTest, AReaderFollowsDocumentsOfManyShapes) {
    const FieldReader reader("/x");
    for (const char* json :
         {R"({"x":1})", R"({"a":0,"x":1})", R"({"a":0,"b":0,"x":1,"z":2})", R"({"x":1,"z":2})"}) {
        const Document document = Document::parse(json).value();
        const RecordView record("r", document.bytes(), nullptr, 1, 1, 0, 0);
        EXPECT_EQ(reader(record), Scalar::integer(1)) << json;
    }
}

TEST_F(FieldTest, SameFieldsAreRecognised) {
    EXPECT_TRUE(Field("/a").is_same(Field("/a")));
    EXPECT_FALSE(Field("/a").is_same(Field("/b")));
    EXPECT_FALSE(Field::level(0).is_same(Field::level(1)));
    EXPECT_FALSE(Field::name().is_same(Field::version()));
    EXPECT_FALSE(Field("/name").is_same(Field::name()));
}

}  // namespace
}  // namespace ringside
