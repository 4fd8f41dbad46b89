-- Correlations of columns, and their mutual information with a target: against pandas, scipy and scikit-learn.
SET mlops.progress = off;

-- test/reference/correlation.py
CREATE TEMP TABLE truth (source text, a text, b text, measure text, value float8);
COPY truth FROM stdin (DELIMITER ' ');
penguins bill_length_mm bill_depth_mm pearson -0.235052870355534
penguins bill_length_mm flipper_length_mm pearson 0.656181340746426
penguins bill_length_mm body_mass_g pearson 0.595109824437627
penguins bill_depth_mm flipper_length_mm pearson -0.583851216465414
penguins bill_depth_mm body_mass_g pearson -0.471915621186067
penguins flipper_length_mm body_mass_g pearson 0.871201767306011
penguins bill_length_mm bill_depth_mm spearman -0.221749151794579
penguins bill_length_mm flipper_length_mm spearman 0.672771941625555
penguins bill_length_mm body_mass_g spearman 0.583800319445548
penguins bill_depth_mm flipper_length_mm spearman -0.523267471161074
penguins bill_depth_mm body_mass_g spearman -0.432372221413044
penguins flipper_length_mm body_mass_g spearman 0.8399741230313
penguins species island cramers_v 0.659843100879532
penguins species bill_length_mm correlation_ratio 0.841313928869617
penguins species bill_depth_mm correlation_ratio 0.824475083349709
penguins species flipper_length_mm correlation_ratio 0.882172838251965
penguins species body_mass_g correlation_ratio 0.818334866474576
penguins species sex cramers_v 0.0120817001245789
penguins island bill_length_mm correlation_ratio 0.392467359596207
penguins island bill_depth_mm correlation_ratio 0.632440323267252
penguins island flipper_length_mm correlation_ratio 0.613178143125857
penguins island body_mass_g correlation_ratio 0.627357322425688
penguins island sex cramers_v 0.0131518103907843
penguins bill_length_mm sex correlation_ratio 0.344077782237486
penguins bill_depth_mm sex correlation_ratio 0.372673288216777
penguins flipper_length_mm sex correlation_ratio 0.255168875810606
penguins body_mass_g sex correlation_ratio 0.424986990903995
diabetes age sex pearson 0.173737100563661
diabetes age bmi pearson 0.185084666146555
diabetes age bp pearson 0.335427587067073
diabetes age tc pearson 0.260060820150262
diabetes age ldl pearson 0.219243139847508
diabetes age hdl pearson -0.0751809748751463
diabetes age tch pearson 0.203840899728756
diabetes age ltg pearson 0.270774241418167
diabetes age glu pearson 0.301731007632838
diabetes age progression pearson 0.18788875071892
diabetes sex bmi pearson 0.088161399022762
diabetes sex bp pearson 0.241010486649049
diabetes sex tc pearson 0.0352768191755296
diabetes sex ldl pearson 0.1426372570335
diabetes sex hdl pearson -0.379089629227331
diabetes sex tch pearson 0.332115093082964
diabetes sex ltg pearson 0.149916136495838
diabetes sex glu pearson 0.208133216200389
diabetes sex progression pearson 0.0430619984516055
diabetes bmi bp pearson 0.395410898717713
diabetes bmi tc pearson 0.249777421742413
diabetes bmi ldl pearson 0.261169911164425
diabetes bmi hdl pearson -0.366810978405029
diabetes bmi tch pearson 0.41380660183144
diabetes bmi ltg pearson 0.446156538573252
diabetes bmi glu pearson 0.388679993900039
diabetes bmi progression pearson 0.586450134474688
diabetes bp tc pearson 0.242464022707042
diabetes bp ldl pearson 0.185548462612901
diabetes bp hdl pearson -0.178761631225643
diabetes bp tch pearson 0.257650053283515
diabetes bp ltg pearson 0.393480109044832
diabetes bp glu pearson 0.390430023116036
diabetes bp progression pearson 0.441481758562571
diabetes tc ldl pearson 0.89666295781049
diabetes tc hdl pearson 0.0515193643148206
diabetes tc tch pearson 0.542207280523242
diabetes tc ltg pearson 0.515502924368946
diabetes tc glu pearson 0.325716753060709
diabetes tc progression pearson 0.212022481014551
diabetes ldl hdl pearson -0.19645512374418
diabetes ldl tch pearson 0.659816888666644
diabetes ldl ltg pearson 0.318356665141562
diabetes ldl glu pearson 0.290600375497044
diabetes ldl progression pearson 0.174053586968742
diabetes hdl tch pearson -0.738492729258383
diabetes hdl ltg pearson -0.39857729342871
diabetes hdl glu pearson -0.273697301475841
diabetes hdl progression pearson -0.394789250670918
diabetes tch ltg pearson 0.617858973993729
diabetes tch glu pearson 0.4172121137122
diabetes tch progression pearson 0.430452884744773
diabetes ltg glu pearson 0.464668846691368
diabetes ltg progression pearson 0.565882592442743
diabetes glu progression pearson 0.382483484248581
diabetes age sex spearman 0.177463080727112
diabetes age bmi spearman 0.200553505919381
diabetes age bp spearman 0.35085940298757
diabetes age tc spearman 0.262523532772295
diabetes age ldl spearman 0.221711331733721
diabetes age hdl spearman -0.106972977945551
diabetes age tch spearman 0.221016897910943
diabetes age ltg spearman 0.265175819921604
diabetes age glu spearman 0.296234916233633
diabetes age progression spearman 0.19782187832853
diabetes sex bmi spearman 0.0980794729762152
diabetes sex bp spearman 0.261507889517827
diabetes sex tc spearman 0.0277899023988064
diabetes sex ldl spearman 0.134694739410112
diabetes sex hdl spearman -0.394583501263199
diabetes sex tch spearman 0.33752352515526
diabetes sex ltg spearman 0.174624711883793
diabetes sex glu spearman 0.203276519141483
diabetes sex progression spearman 0.0374008150288625
diabetes bmi bp spearman 0.397985485735827
diabetes bmi tc spearman 0.287828651551815
diabetes bmi ldl spearman 0.295493877353002
diabetes bmi hdl spearman -0.37117246219021
diabetes bmi tch spearman 0.459068121165336
diabetes bmi ltg spearman 0.491608811761708
diabetes bmi glu spearman 0.384664396359215
diabetes bmi progression spearman 0.561382010106562
diabetes bp tc spearman 0.275224219966837
diabetes bp ldl spearman 0.205637525218527
diabetes bp hdl spearman -0.191032850826027
diabetes bp tch spearman 0.280799129675855
diabetes bp ltg spearman 0.396071237502738
diabetes bp glu spearman 0.381218860062726
diabetes bp progression spearman 0.416240898153432
diabetes tc ldl spearman 0.878792861526084
diabetes tc hdl spearman 0.0153077827030366
diabetes tc tch spearman 0.5206743451952
diabetes tc ltg spearman 0.512863652528964
diabetes tc glu spearman 0.332172513096568
diabetes tc progression spearman 0.232429251176058
diabetes ldl hdl spearman -0.197435029414253
diabetes ldl tch spearman 0.652283092806537
diabetes ldl ltg spearman 0.349946810560706
diabetes ldl glu spearman 0.286482699999529
diabetes ldl progression spearman 0.195834457575479
diabetes hdl tch spearman -0.789694151916184
diabetes hdl ltg spearman -0.450419670959928
diabetes hdl glu spearman -0.290862896226942
diabetes hdl progression spearman -0.410021602666942
diabetes tch ltg spearman 0.640389787623759
diabetes tch glu spearman 0.41370033854011
diabetes tch progression spearman 0.448930920889473
diabetes ltg glu spearman 0.453023246740135
diabetes ltg progression spearman 0.589415610349854
diabetes glu progression spearman 0.35079206434344
gaps age bmi pearson 0.266173193536667
gaps age bp pearson 0.343098482181836
gaps age ltg pearson 0.240110268714772
gaps bmi bp pearson 0.379345263002344
gaps bmi ltg pearson 0.443116354156222
gaps bp ltg pearson 0.438749046755971
gaps age bmi spearman 0.314557906880989
gaps age bp spearman 0.342638862013986
gaps age ltg spearman 0.239769507031437
gaps bmi bp spearman 0.375386416929585
gaps bmi ltg spearman 0.512679749685092
gaps bp ltg spearman 0.441795485302591
customers churn contract counts 0.0984530534259894
customers churn payment_method counts 0.0445186686309029
customers churn internet_service counts 0.0555741847726885
customers churn senior_citizen counts 0.0105772639539878
penguins species island counts 0.52015717112388
penguins species sex counts 7.29892982239133e-05
breast_cancer diagnosis mean_radius nearest_neighbours 0.361199048083425
breast_cancer diagnosis mean_texture nearest_neighbours 0.0949372454031794
breast_cancer diagnosis mean_perimeter nearest_neighbours 0.402936246810905
breast_cancer diagnosis mean_area nearest_neighbours 0.359467721863861
breast_cancer diagnosis mean_smoothness nearest_neighbours 0.0758796357582234
breast_cancer diagnosis mean_compactness nearest_neighbours 0.216177902580882
breast_cancer diagnosis mean_concavity nearest_neighbours 0.374636855118362
breast_cancer diagnosis mean_concave_points nearest_neighbours 0.437418589331588
breast_cancer diagnosis mean_symmetry nearest_neighbours 0.0692410004097348
breast_cancer diagnosis mean_fractal_dimension nearest_neighbours 0.00990732399358007
breast_cancer diagnosis radius_error nearest_neighbours 0.248892810870479
breast_cancer diagnosis texture_error nearest_neighbours 0.00134171233129221
breast_cancer diagnosis perimeter_error nearest_neighbours 0.276715182503824
breast_cancer diagnosis area_error nearest_neighbours 0.340645284407046
breast_cancer diagnosis smoothness_error nearest_neighbours 0.0154183901362883
breast_cancer diagnosis compactness_error nearest_neighbours 0.0751634927784961
breast_cancer diagnosis concavity_error nearest_neighbours 0.114509489465008
breast_cancer diagnosis concave_points_error nearest_neighbours 0.126672347781301
breast_cancer diagnosis symmetry_error nearest_neighbours 0.018126972190404
breast_cancer diagnosis fractal_dimension_error nearest_neighbours 0.0381222742289551
breast_cancer diagnosis worst_radius nearest_neighbours 0.454202694452484
breast_cancer diagnosis worst_texture nearest_neighbours 0.11890400769934
breast_cancer diagnosis worst_perimeter nearest_neighbours 0.47338739962753
breast_cancer diagnosis worst_area nearest_neighbours 0.463288095234453
breast_cancer diagnosis worst_smoothness nearest_neighbours 0.100017645779894
breast_cancer diagnosis worst_compactness nearest_neighbours 0.22636724724881
breast_cancer diagnosis worst_concavity nearest_neighbours 0.318075529889751
breast_cancer diagnosis worst_concave_points nearest_neighbours 0.438637694828083
breast_cancer diagnosis worst_symmetry nearest_neighbours 0.089992948421771
breast_cancer diagnosis worst_fractal_dimension nearest_neighbours 0.062950278403614
breast_cancer mean_radius mean_texture nearest_neighbours 0.0572994299741265
breast_cancer mean_radius mean_perimeter nearest_neighbours 2.83801809115492
breast_cancer mean_radius mean_area nearest_neighbours 3.63503411312803
breast_cancer mean_radius mean_smoothness nearest_neighbours 0.0369733677734132
breast_cancer mean_radius mean_compactness nearest_neighbours 0.1635568270388
breast_cancer mean_radius mean_concavity nearest_neighbours 0.342523466561886
breast_cancer mean_radius mean_concave_points nearest_neighbours 0.449887566602789
breast_cancer mean_radius mean_symmetry nearest_neighbours 0.0610674365521189
breast_cancer mean_radius mean_fractal_dimension nearest_neighbours 0.120391216368943
breast_cancer mean_radius radius_error nearest_neighbours 0.367312785181687
breast_cancer mean_radius texture_error nearest_neighbours 0.0638489457862286
breast_cancer mean_radius perimeter_error nearest_neighbours 0.323789372217507
breast_cancer mean_radius area_error nearest_neighbours 0.536920063065393
breast_cancer mean_radius smoothness_error nearest_neighbours 0.141369896388155
breast_cancer mean_radius compactness_error nearest_neighbours 0.0340014665391659
breast_cancer mean_radius concavity_error nearest_neighbours 0.144957521329553
breast_cancer mean_radius concave_points_error nearest_neighbours 0.152872587434367
breast_cancer mean_radius symmetry_error nearest_neighbours 0.108680010244323
breast_cancer mean_radius fractal_dimension_error nearest_neighbours 0.0531379801183522
breast_cancer mean_radius worst_radius nearest_neighbours 1.706494728363
breast_cancer mean_radius worst_texture nearest_neighbours 0.0688442591367768
breast_cancer mean_radius worst_perimeter nearest_neighbours 1.557935067873
breast_cancer mean_radius worst_area nearest_neighbours 1.66764320464656
breast_cancer mean_radius worst_smoothness nearest_neighbours 0.075945826415607
breast_cancer mean_radius worst_compactness nearest_neighbours 0.170832355764492
breast_cancer mean_radius worst_concavity nearest_neighbours 0.273908162429055
breast_cancer mean_radius worst_concave_points nearest_neighbours 0.445487653420819
breast_cancer mean_radius worst_symmetry nearest_neighbours 0.0480943119409196
breast_cancer mean_radius worst_fractal_dimension nearest_neighbours 0.0049508920553718
\.
CREATE TEMP TABLE gaps AS SELECT CASE WHEN i % 3 > 0 THEN age END AS age, CASE WHEN i % 4 > 0 THEN bmi END AS bmi, CASE WHEN i % 5 > 0 THEN bp END AS bp, CASE WHEN i % 6 > 0 THEN ltg END AS ltg
FROM (SELECT row_number() OVER () - 1 AS i, * FROM diabetes) AS d;
CREATE TEMP TABLE found AS
SELECT s.source, c.a, c.b, c.measure, c.value FROM (VALUES ('penguins'), ('diabetes'), ('gaps')) AS s (source), mlops_correlation(s.source) AS c
UNION ALL SELECT s.source, c.a, c.b, c.measure, c.value FROM (VALUES ('penguins'), ('diabetes'), ('gaps')) AS s (source), mlops_correlation(s.source, 'spearman') AS c;
SELECT source, measure, count(*) AS pairs, count(*) FILTER (WHERE abs(f.value - t.value) < 1e-9) AS same
FROM truth AS t LEFT JOIN found AS f USING (source, a, b, measure) WHERE measure NOT IN ('counts', 'nearest_neighbours') GROUP BY source, measure ORDER BY source, measure;

-- discrete columns to 1e-12; the estimate by neighbours as far as the noise lets it: scikit-learn's own differ by up to 0.0108 between seeds
CREATE TEMP TABLE informed AS
SELECT s.source, s.target AS a, i.feature AS b, i.method AS measure, i.mutual_information AS value, i.rank, i.share
FROM (VALUES ('customers', 'churn'), ('penguins', 'species'), ('breast_cancer', 'diagnosis'), ('breast_cancer', 'mean_radius')) AS s (source, target),
	mlops_associate(s.source, s.target) AS i;
SELECT source, a AS target, measure, count(*) AS features,
	count(*) FILTER (WHERE abs(f.value - t.value) < CASE measure WHEN 'counts' THEN 1e-12 ELSE 0.011 END) AS same
FROM truth AS t LEFT JOIN informed AS f USING (source, a, b, measure) WHERE measure IN ('counts', 'nearest_neighbours') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT b AS feature, rank, round(value::numeric, 6) AS nats, round(share::numeric, 6) AS share, measure FROM informed WHERE source = 'penguins' AND measure = 'counts' ORDER BY rank;
-- a column says all about itself
SELECT feature, round(mutual_information::numeric, 9) AS nats, round(share::numeric, 9) AS share FROM mlops_associate('SELECT species, species AS copy, 1 AS same FROM penguins', 'species');

-- what each method takes
SELECT a, b, measure, round(value::numeric, 9) AS value, rows FROM mlops_correlation('penguins', columns => '{species,sex,body_mass_g}');
SELECT a, b, measure, round(value::numeric, 9) AS value, rows FROM mlops_correlation('mpg', 'cramers_v', '{cyl,drv,class}');
SELECT a, b, measure, round(value::numeric, 9) AS value, rows FROM mlops_correlation('mpg', 'cramers_v_corrected', '{cyl,drv,class}');
SELECT count(*) AS pairs, bool_and(a <> b) FROM mlops_correlation('mpg', 'correlation_ratio');

-- constant columns, missing values, infinities, nothing in common, large offsets
CREATE TEMP TABLE odd AS SELECT i AS x, 0.1 AS same, CASE WHEN i % 2 = 0 THEN i END AS even, CASE WHEN i % 2 = 1 THEN i END AS odd, 1e9 + i AS far, CASE WHEN i = 1 THEN 'infinity'::float8 ELSE -i END AS inf,
	CASE WHEN i < 50 THEN 5 ELSE i END AS partly, CASE WHEN i < 50 THEN i END AS low, NULL::text AS nothing FROM generate_series(1, 100) AS i;
SELECT a, b, measure, round(value::numeric, 9) AS value, rows FROM mlops_correlation('odd');
SELECT a, b, round(value::numeric, 9) AS value, rows FROM mlops_correlation('odd', 'spearman', '{x,inf,partly,low}');
SELECT feature, round(mutual_information::numeric, 9) AS nats, share, method, rows FROM mlops_associate('odd', 'same');
SELECT count(*) FROM mlops_correlation('SELECT 1 AS a, 2 AS b');
SELECT count(*) FROM mlops_correlation('SELECT 1 AS a');
SELECT * FROM mlops_correlation('SELECT 1 AS a, 2 AS b, ''{}''::json AS c, ARRAY[1] AS d');

SELECT * FROM mlops_correlation('penguins', 'spearmann');
SELECT * FROM mlops_correlation('penguins', columns => '{body_mas_g}');
SELECT * FROM mlops_correlation('penguins', 'pearson', '{species,sex}');
SELECT * FROM mlops_correlation('penguins', 'cramers_v', '{species,bill_length_mm}');
SELECT * FROM mlops_correlation('SELECT 1 AS a, ''{}''::json AS b', columns => '{a,b}');
SELECT * FROM mlops_correlation('SELECT 1 AS a, 2 AS b WHERE false');
SELECT * FROM mlops_associate('penguins', 'specis');
SELECT * FROM mlops_associate('SELECT NULL::int AS y, 1 AS x', 'y');
SELECT * FROM mlops_associate('penguins', NULL);
