#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "shm/document/json.hpp"
#include "shm/protocol/reply.hpp"
#include "shm/protocol/request.hpp"

/// Writes the initial corpus of the fuzzers: real documents and messages from the encoders, and
/// texts of the other kinds.
///   make_seeds earthquakes.jsonl corpus
using namespace ringside;

namespace {

std::filesystem::path corpus;

void write(const char* harness, const std::string& name, std::string_view bytes) {
    std::filesystem::create_directories(corpus / harness);
    std::ofstream(corpus / harness / ("seed-" + name), std::ios::binary) << bytes;
}
std::string_view text_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const std::vector<std::string>& texts() {
    static const std::vector<std::string> all = {
        R"({"seat":"A12","row":12,"price":120.5,"free":true,"until":1517966773840,"by":null})",
        R"([{"a":1,"b":[0.1,2]},{"a":3,"b":[]},{"a":4,"b":["x"]}])",
        R"({"a":{"b":{"c":{"d":["deep",{"e":-1}]}}},"\u0000":"\u0000","ä":"日本😀"})",
        "[[[[[]]]],{},\"\",18446744073709551615,-9223372036854775808,1e-300,-0.0,65536]",
        "\"\\ud83d\\ude00\\n\\/ a string as the root\"",
        "null",
        "-1.5e300"};
    return all;
}

void documents(const std::string& earthquakes) {
    std::vector<std::string> all = texts();
    std::ifstream lines(earthquakes);
    for (std::string line; all.size() < 10 && std::getline(lines, line);) all.push_back(line);
    for (std::size_t i = 0; i < all.size(); ++i) {
        write("json", std::to_string(i), all[i]);
        write("document", std::to_string(i), text_of(document_from_json(all[i]).value()));
    }
}

void patches() {
    const std::string& document = texts()[0];
    write("patch", "set", "/row\n" + document + "\n[1]");
    write("patch", "set-element", "/1/b/-\n" + texts()[1] + "\n{\"x\":1}");
    write("patch", "merge", "merge\n" + document + "\n" + R"({"row":null,"by":{"x":null,"y":1}})");
    for (
        const char* operations :
        {R"([{"op":"test","path":"/0/a","value":1},{"op":"add","path":"/0/c","value":[1]}])",
         R"([{"op":"remove","path":"/1"},{"op":"replace","path":"/0/b/1","value":"x"}])",
         R"([{"op":"move","from":"/0/b","path":"/-"},{"op":"copy","from":"/0","path":"/1/a~1"}])"}) {
        write("patch", "patch-" + std::string(operations).substr(8, 4),
              "patch\n" + texts()[1] + "\n" + operations);
    }
}

void requests() {
    const Bytes document = document_from_json(texts()[0]).value();
    const auto seed = [&](const char* name, const std::function<void(shm::RequestWriter&)>& fill) {
        shm::RequestWriter writer;
        fill(writer);
        write("lane_message", name, "\x08" + std::string(text_of(writer.finish(1))));
    };
    seed("put", [&](auto& w) { w.put("event/1", document, {.ttl_ms = 1000}); });
    seed("remove", [&](auto& w) { w.remove("event/1", {wire::ConditionKind::version, 1, 0}); });
    seed("compact", [&](auto& w) { w.compact(); });
    seed("close_session", [&](auto& w) { w.close_session(1); });
    seed("add_index",
         [&](auto& w) { w.append(wire::CommandKind::add_index, "event/*", "/row", {}, {}); });
    seed("remove_index",
         [&](auto& w) { w.append(wire::CommandKind::remove_index, "event/*", "/row", {}, {}); });
    seed("transaction", [&](auto& w) {
        w.put("a", document, {wire::ConditionKind::absent, 0, 0});
        w.set_path("a", "/row", document_from_json("13").value(), {});
        w.merge("a", document_from_json(R"({"by":"me"})").value(), {});
        w.json_patch("a", document_from_json(R"([{"op":"remove","path":"/seat"}])").value(), {});
        w.remove("a", {});
    });
    shm::ReplyWriter replies;
    const Version versions[] = {1, 2, 3};
    write("lane_message", "reply",
          "\x01" + std::string(text_of(replies.committed(7, 8, versions))));
    write("lane_message", "refused",
          "\x01" + std::string(text_of(replies.refused(7, Error(Errc::bad_name, "it is"), 2))));
    // Kinds: put, set_path, merge, json_patch, remove, compact; names by their number.
    using namespace std::string_literals;
    write("lane_message", "script",
          "\x0a\x80\0\0\x64\0"s + texts()[0] +
              "\n\x81\0\0\0\0/row\n7\n\x82\0\0\0\0{\"row\":null}\n"
              "\x83\0\0\0\0[{\"op\":\"add\",\"path\":\"/x\",\"value\":1}]\n"
              "\x04\x01\x01\0\0\x80\x03\0\0\xff"
              "new/name\n[]\n\xc5\xff\0\0\0\0"s);
}

void names() {
    write("pattern", "0", "event/*/seat/**\nevent/42/seat/A12\nevent/42/seat\nevent/4/2/seat");
    write("pattern", "1", "**/a*b*/**\nxab/aXbY/z\naab\na/b");
    write("pattern", "2", "a/b\na/b\na/b/c\n/\na//b\nä/日本/😀");
}

void files() {
    write("config", "0",
          "grid = \"onsale\"\nmemory = \"64MiB\"\nring-entries = 4096\nretain-entries = 100\n"
          "retain-bytes = 65536\nsessions-max = 16\nspin-us = 50\ndata = \"/tmp/x\"\n"
          "durability = \"always\"\ndurability-interval-ms = 20\nlog-level = \"debug\"\n"
          "log-file = \"x\"\n");
    write("config", "1",
          "[[role]]\nuser = 1000\nrole = \"writer\"\npatterns = [\"event/**\", \"a/*\"]\n"
          "[[role]]\ngroup = 7\nrole = \"reader\"\n[[role]]\nuser = \"root\"\nrole = \"admin\"\n");
    using namespace std::string_literals;
    write("store", "identity",
          "\0# A store\nformat = 1\ngrid = \"onsale\"\nid = \"77\"\nring-entries = 64\n"s);
    write("store", "records",
          "\1\1event/1\n\1\0\7\0\0\0\0\0{\"a\":1}\n\3b\n\1\0\7\0\0\0\0\0[]\n\4c\n"s);
}

/// Packets: what it is | where | size | bytes.
void packets() {
    using namespace std::string_literals;
    write("handshake", "hello", "\0\0\0\0\0\1x"s);
    write("handshake", "resume", "\6\0\0"s);
    write("handshake", "hand-over", "\1\x10RNGO\1\0\0\0\0\0\0\0\0\0\0\0"s);
    write("handshake", "wrong-memory", "\x0e\x28\4nameN\0\0"s);
}

/// Edits of a segment: kind | place, 2 B | offset | value.
void segments() {
    using namespace std::string_literals;
    write("segment", "nothing", "");
    write("segment", "words", "\0\x20\0\0\1\3\x28\0\0\1\4\x38\0\0\x40\0"s);
    write("segment", "blocks", "\6\x80\0\0\x81\0\5\x90\0\0\x91\0\2\xa0\0\x10\1\2\3\4\5\6\7\x08"s);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: make_seeds earthquakes.jsonl corpus\n";
        return 2;
    }
    corpus = argv[2];
    documents(argv[1]);
    patches();
    requests();
    names();
    files();
    packets();
    segments();
    return 0;
}
