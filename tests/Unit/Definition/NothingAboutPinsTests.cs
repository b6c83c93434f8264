using System.Text.RegularExpressions;
using Sluice.Definition;
using Sluice.Testing;

namespace Sluice.Unit.Definition;

/// <summary>Datasets are files of a pipeline folder: the code of the stages must not know those of the pipeline that ships.</summary>
public sealed class NothingAboutPinsTests
{
    [Fact]
    public void No_code_line_of_src_names_a_dataset_table_column_or_question_of_the_pipeline()
    {
        var pipeline = PipelineFile.Read(Path.Combine(Repository.Root, "pipelines", "pinterest")).Definition!;
        // Words that belong to anyone's vocabulary, and so say nothing about this pipeline.
        string[] common =
        [
            "index", "ind", "title", "description", "timestamp", "country", "latitude", "longitude", "coordinates", "category", "age",
            "user", "downloaded",
        ];
        var nouns = pipeline.Datasets
            .SelectMany(d => (IEnumerable<string>)[d.Name, d.Table, .. d.Raw.Select(f => f.Name), .. d.Columns.Select(c => c.Name)])
            .Concat(pipeline.Questions.Select(q => q.Name)).Append("pinterest").Distinct().Except(common).ToList();
        nouns.ShouldContain("pin");
        nouns.ShouldContain("follower_count");

        // Documentation may give the shipped pipeline as its example; code may not. The host says which folder ships with it.
        var pattern = new Regex($@"\b({string.Join('|', nouns)})\b", RegexOptions.IgnoreCase);
        var found = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".sql", StringComparison.Ordinal))
            .Where(f => !Regex.IsMatch(f, "/(bin|obj|9-console)/"))
            .SelectMany(f => File.ReadLines(f).Index().Select(line => (File: f, line.Index, Text: line.Item)))
            .Where(line => !Regex.IsMatch(line.Text, @"^\s*(//|--|\*)") && pattern.IsMatch(line.Text))
            .Select(line => $"{Path.GetRelativePath(Repository.Root, line.File)}:{line.Index + 1}: {line.Text.Trim()}");
        found.ShouldBeEmpty();
    }
}
