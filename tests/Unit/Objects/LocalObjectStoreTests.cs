using Sluice.Bytes;
using Sluice.Objects;

namespace Sluice.Unit.Objects;

public sealed class LocalObjectStoreTests : IDisposable
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sluice-objects-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task An_upload_that_a_crash_left_behind_is_never_listed_and_gone_after_opening()
    {
        var crashed = LocalObjectStore.Open(_directory.FullName);
        var upload = await crashed.BeginMultipartAsync(new ObjectKey("a"), s_none);
        await upload.WritePartAsync(new byte[10], s_none);
        (await KeysAsync(crashed)).ShouldBeEmpty();
        Uploads().Length.ShouldBe(1);

        LocalObjectStore.OpenBeside(_directory.FullName);
        Uploads().Length.ShouldBe(1);

        LocalObjectStore.Open(_directory.FullName);
        Uploads().ShouldBeEmpty();
    }

    [Fact]
    public async Task No_upload_remains_after_any_kind_of_put()
    {
        var store = LocalObjectStore.Open(_directory.FullName);
        await store.PutAsync(new ObjectKey("a"), new byte[1], s_none);
        await store.PutIfAbsentAsync(new ObjectKey("a"), new byte[1], s_none);
        await store.PutIfAbsentAsync(new ObjectKey("b"), new byte[1], s_none);
        await using (var upload = await store.BeginMultipartAsync(new ObjectKey("c"), s_none)) await upload.CompleteAsync(s_none);
        await using (await store.BeginMultipartAsync(new ObjectKey("d"), s_none))
        {
            // Abandoned.
        }

        Uploads().ShouldBeEmpty();
        (await KeysAsync(store)).ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public async Task A_name_is_an_object_or_a_folder_and_the_error_says_which()
    {
        var store = LocalObjectStore.Open(_directory.FullName);
        await store.PutAsync(new ObjectKey("a"), new byte[1], s_none);
        await store.PutAsync(new ObjectKey("f/g/h"), new byte[1], s_none);

        var below = await Should.ThrowAsync<ObjectKeyCollisionException>(() => store.PutAsync(new ObjectKey("a/b/c"), default, s_none).AsTask());
        below.Message.ShouldBe(
            "Object 'a/b/c' cannot be stored: 'a' is already an object, and in a local directory a name is one or the other. " +
            "Choose another key, or delete what is there.");
        foreach (var folder in (string[])["f", "f/g"])
        {
            var above = await Should.ThrowAsync<ObjectKeyCollisionException>(() => store.PutAsync(new ObjectKey(folder), default, s_none).AsTask());
            above.Message.ShouldContain($"'{folder}' is already a folder of objects");
            await Should.ThrowAsync<ObjectKeyCollisionException>(() => store.PutIfAbsentAsync(new ObjectKey(folder), default, s_none).AsTask());
        }

        Uploads().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(".uploads")]
    [InlineData(".uploads/x")]
    public async Task The_hidden_directory_is_no_place_for_objects(string key)
    {
        var store = LocalObjectStore.Open(_directory.FullName);

        (await Should.ThrowAsync<ArgumentException>(() => store.PutAsync(new ObjectKey(key), default, s_none).AsTask())).Message.ShouldContain("reserved");
        await store.PutAsync(new ObjectKey(".uploads2"), default, s_none);
    }

    [Fact]
    public async Task A_file_on_another_file_system_is_copied()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "There is no second file system (/dev/shm) here.");
        var path = $"/dev/shm/sluice-{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(path, "far away", s_none);
        var store = LocalObjectStore.Open(_directory.FullName);

        await store.PutFileAsync(new ObjectKey("k"), path, s_none);

        File.Exists(path).ShouldBeFalse();
        (await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "k"), s_none)).ShouldBe("far away");
        Uploads().ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_put_gives_a_new_ETag_however_fast_and_alike()
    {
        var store = LocalObjectStore.Open(_directory.FullName);
        var etags = new HashSet<ETag>();
        for (var i = 0; i < 50; i++) etags.Add((await store.PutAsync(new ObjectKey("k"), new byte[3], s_none)).ETag);

        etags.Count.ShouldBe(50);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_someone_removed_fails_one_put_and_is_made_by_the_next(bool ifAbsent)
    {
        var store = LocalObjectStore.Open(_directory.FullName);
        await PutAsync("x/a");
        Directory.Delete(Path.Combine(_directory.FullName, "x"), recursive: true);

        await Should.ThrowAsync<IOException>(() => PutAsync("x/b"));
        await PutAsync("x/b");

        (await KeysAsync(store)).ShouldBe(["x/b"]);
        Uploads().ShouldBeEmpty();

        async Task PutAsync(string key)
        {
            if (ifAbsent) (await store.PutIfAbsentAsync(new ObjectKey(key), new byte[1], s_none)).ShouldBeTrue();
            else await store.PutAsync(new ObjectKey(key), new byte[1], s_none);
        }
    }

    [Fact]
    public async Task Bytes_and_names_are_synced_before_a_put_returns()
    {
        var files = new SyncWatch();
        var store = LocalObjectStore.Open(_directory.FullName, files);
        files.Calls.Clear();

        await store.PutAsync(new ObjectKey("x/y/k"), new byte[3], s_none);
        files.Calls.ShouldBe(["sync file", "sync x", "sync root", "replace k", "sync y"], ignoreOrder: false);

        files.Calls.Clear();
        await store.PutIfAbsentAsync(new ObjectKey("x/y/l"), new byte[3], s_none);
        files.Calls.ShouldBe(["sync file", "link l", "sync y"]);
    }

    private FileInfo[] Uploads() => new DirectoryInfo(Path.Combine(_directory.FullName, ".uploads")).GetFiles();

    private static async Task<List<string>> KeysAsync(LocalObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var info in store.ListAsync("", null, s_none)) keys.Add(info.Key.Value);
        return keys;
    }

    /// <summary>The real file system, noting what makes things durable.</summary>
    private sealed class SyncWatch : IFileSystem
    {
        private readonly IFileSystem _real = OsFileSystem.Instance;
        private string? _root;

        public List<string> Calls { get; } = [];

        public IFile Open(string path, FileOpen mode) => new WatchedFile(_real.Open(path, mode), Calls);

        public bool FileExists(string path) => _real.FileExists(path);

        public FileStat? Stat(string path) => _real.Stat(path);

        public void CreateDirectory(string path)
        {
            _root ??= path;
            _real.CreateDirectory(path);
        }

        public IReadOnlyList<string> ListFiles(string directory) => _real.ListFiles(directory);

        public IReadOnlyList<string> ListDirectories(string directory) => _real.ListDirectories(directory);

        public void Delete(string path) => _real.Delete(path);

        public void DeleteDirectory(string path) => _real.DeleteDirectory(path);

        public void Replace(string source, string target)
        {
            Calls.Add("replace " + Path.GetFileName(target));
            _real.Replace(source, target);
        }

        public bool Link(string source, string target)
        {
            Calls.Add("link " + Path.GetFileName(target));
            return _real.Link(source, target);
        }

        public void SyncDirectory(string path)
        {
            Calls.Add("sync " + (path == _root ? "root" : Path.GetFileName(path)));
            _real.SyncDirectory(path);
        }
    }

    private sealed class WatchedFile(IFile real, List<string> calls) : IFile
    {
        public long Length => real.Length;

        public int Read(Span<byte> buffer, long position) => real.Read(buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position) => real.Write(bytes, position);

        public void Sync()
        {
            calls.Add("sync file");
            real.Sync();
        }

        public void SetLength(long length) => real.SetLength(length);

        public void Dispose() => real.Dispose();
    }
}
