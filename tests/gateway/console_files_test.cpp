#include "tools/gateway/console/console_files.hpp"
#include "tools/support/built_paths.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace ringside::testing {
namespace {

using gateway::console_file;

/// The console's sources are in the folder of the examples' data.
std::string source(const std::string& name) {
    const std::string path =
        std::string(built::source_directory) + "/tools/gateway/console/" + name;
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string file(const std::string& path) {
    const auto found = console_file(path);
    EXPECT_TRUE(found) << path;
    return found ? std::string(found->content) : std::string();
}

/// Returns everything that the first group of `pattern` matches in the text.
std::set<std::string> all_of(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
        found.insert((*at)[1]);
    }
    return found;
}

std::set<std::string> modules() {
    std::set<std::string> paths;
    for (const auto& one : gateway::embedded_files()) {
        if (one.path.ends_with(".js")) paths.emplace(one.path);
    }
    return paths;
}

TEST(ConsoleFiles, PageScriptAndStyleEqualTheSources) {
    EXPECT_EQ(file("/"), source("index.html"));
    EXPECT_EQ(file("/console/"), source("index.html"));
    EXPECT_EQ(file("/console/app.js"), source("app.js"));
    EXPECT_EQ(file("/console/style.css"), source("style.css"));
}

TEST(ConsoleFiles, HaveTheContentTypesThatBrowsersInsistOn) {
    EXPECT_EQ(console_file("/")->content_type, "text/html; charset=utf-8");
    EXPECT_EQ(console_file("/console/app.js")->content_type, "text/javascript; charset=utf-8");
    EXPECT_EQ(console_file("/console/style.css")->content_type, "text/css; charset=utf-8");
    EXPECT_EQ(console_file("/console/icon.svg")->content_type, "image/svg+xml");
}

TEST(ConsoleFiles, EachFileHasADistinctStrongEntityTag) {
    const std::regex strong("\"[0-9a-f]{32}\"");
    std::set<std::string> tags;
    for (const auto& one : gateway::embedded_files()) {
        EXPECT_TRUE(std::regex_match(std::string(one.etag), strong)) << one.etag;
        EXPECT_TRUE(tags.emplace(one.etag).second) << one.path;
    }
}

TEST(ConsoleFiles, OtherPathsHaveNoFile) {
    for (const std::string path : {"", "/app.js", "/console/none.js", "/console/../app.js",
                                   "/console/console_files.cpp", "/openapi.json", "//"}) {
        EXPECT_FALSE(console_file(path)) << path;
    }
}

TEST(ConsoleFiles, FilesReferToExistingFilesOnly) {
    const std::string page = file("/");
    const auto references = all_of(page, "(?:src|href)=\"(/console/[^\"]+)\"");
    EXPECT_GE(references.size(), 3U);
    for (const std::string& path : references) EXPECT_TRUE(console_file(path)) << path;
    ASSERT_GT(modules().size(), 5U);
    std::set<std::string> reached{"/console/app.js"};
    for (const std::string& module : modules()) {
        for (const std::string& name : all_of(file(module), "from \"\\./([^\"]+)\"")) {
            EXPECT_TRUE(console_file("/console/" + name)) << module << ": " << name;
            reached.insert("/console/" + name);
        }
    }
    EXPECT_EQ(reached, modules()) << "a module that nobody imports";
}

TEST(ConsoleFiles, KeepToTheirSecurityPolicy) {
    const std::string page = file("/");
    EXPECT_TRUE(all_of(page, "(<style|\\sstyle=|\\son[a-z]+=|<script>)").empty());
    for (const auto& one : gateway::embedded_files()) {
        if (!one.path.starts_with("/console/")) continue;
        const std::string content(one.content);
        // The only external address is the namespace of SVG, which is never requested.
        auto elsewhere = all_of(content, "(https?://[^\"' )]+)");
        elsewhere.erase("http://www.w3.org/2000/svg");
        EXPECT_TRUE(elsewhere.empty()) << one.path << ": " << *elsewhere.begin();
    }
}

TEST(ConsoleFiles, NeverTakeTextForMarkupOrScript) {
    for (const std::string& module : modules()) {
        const auto risky =
            all_of(file(module),
                   "(innerHTML|outerHTML|insertAdjacentHTML|document\\.write|\\beval\\(|new "
                   "Function|setAttribute\\(\"style\"|DOMParser)");
        EXPECT_TRUE(risky.empty()) << module << ": " << *risky.begin();
    }
}

TEST(ConsoleFiles, PolicyAllowsNoExternalContent) {
    const std::string policy(gateway::console_security_policy);
    EXPECT_TRUE(policy.starts_with("default-src 'self'; "));
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(policy.find('*'), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
}

}  // namespace
}  // namespace ringside::testing
